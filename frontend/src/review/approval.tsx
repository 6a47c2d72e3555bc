// Who has signed for a version, wherever the version is shown, and the evidence to take away.
import { evidenceAddress, getReview } from "../api/operations";
import type { Version } from "../api/types";
import { Loaded } from "../components/loaded";
import { Section } from "../components/page";
import { t } from "../messages";
import { useResource } from "../resource";
import { Signatures } from "./signatures";

export function Approval({ version, reviewId }: { version: Version; reviewId: string }) {
  const review = useResource(reviewId, (signal) => getReview(reviewId, signal));
  const evidence = (
    <a class="button" href={evidenceAddress(version.model, version.number)} download>
      {t("Evidence package")}
    </a>
  );
  return (
    <Section title={t("Signatures")} actions={evidence}>
      <Loaded resource={review} rows={2}>
        {(data) => <Signatures review={data} />}
      </Loaded>
    </Section>
  );
}
