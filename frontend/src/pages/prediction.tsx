// The permanent page of a decision record.
import { PageFrame } from "../components/page";
import { t } from "../messages";
import { PredictionRecord } from "../prediction_record";

export function PredictionPage({ id }: { id: string }) {
  return (
    <PageFrame
      title={t("Decision record")}
      trail={[[t("Decisions"), "/predictions"]]}
      badges={<code class="name-code">{id}</code>}
    >
      <PredictionRecord id={id} />
    </PageFrame>
  );
}
