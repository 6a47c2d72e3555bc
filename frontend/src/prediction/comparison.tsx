// A record beside another one of the same model: what differs in the row, and what each difference adds.
import { getPrediction, listPredictions } from "../api/operations";
import type { PredictionSummary, StoredPrediction } from "../api/types";
import { SelectField } from "../components/field";
import { Loaded } from "../components/loaded";
import { Section } from "../components/page";
import { moment, number } from "../format";
import { t, tx } from "../messages";
import { useResource } from "../resource";
import { address, currentLocation, setQuery } from "../router";
import { outputChange, outputText, summaryText } from "./answer";
import { ShareTable } from "./share_table";
import { differences } from "./shares";

export function RecordComparison({ record }: { record: StoredPrediction }) {
  const other = currentLocation.value.query.get("with");
  const recent = useResource(record.model, (signal) => listPredictions({ model: record.model }, null, signal));
  const own = record.prediction.id;
  const offered = (recent.data?.items ?? []).filter(({ id }) => id !== own);
  const listed = offered.some(({ id }) => id === other);
  return (
    <Section title={t("Compared with another record")}>
      <div class="card">
        <SelectField
          label={t("The other record")}
          hint={t("The newest of this model; any other one by the address: ?with= and its identifier.")}
          value={other ?? ""}
          onValue={(id) => setQuery({ with: id || null })}
          options={[
            ["", offered.length === 0 ? t("There is no other record yet") : t("Choose a record")],
            ...(other && !listed ? [[other, other] as const] : []),
            ...offered.map((one) => [one.id, nameOf(one)] as const),
          ]}
        />
        {other && other !== own && <Pair key={other} record={record} other={other} />}
      </div>
    </Section>
  );
}

function nameOf(one: PredictionSummary): string {
  return t("{0}: {1}, version {2}", moment(one.created_at), summaryText(one), one.version);
}

function Pair({ record, other }: { record: StoredPrediction; other: string }) {
  const loaded = useResource(other, (signal) => getPrediction(other, signal));
  return <Loaded resource={loaded}>{(data) => <Difference record={record} other={data} />}</Loaded>;
}

/** Why two records cannot be set against each other feature by feature; null where they can. */
export function obstacle(record: StoredPrediction, other: StoredPrediction): string | null {
  const [one, two] = [record.prediction, other.prediction];
  if (record.digest !== other.digest) return t("The records come from different versions.");
  if (one.output.outcome !== two.output.outcome) return t("The records explain different outcomes.");
  const isSame = one.reference === two.reference && one.reference_digest === two.reference_digest;
  if (!isSame) return t("The records are measured against different references.");
  if (one.features.length === 0 || two.features.length === 0) return t("One record has no contributions of features.");
  return null;
}

function Difference({ record, other }: { record: StoredPrediction; other: StoredPrediction }) {
  const [one, two] = [record.prediction, other.prediction];
  const against = obstacle(record, other);
  return (
    <>
      <p>
        {tx(
          "This record says {0}, {1} {2}{3}.",
          <strong>{outputText(one.output, record.link)}</strong>,
          <a href={address`/predictions/${two.id}`}>{t("the other one")}</a>,
          outputText(two.output, other.link),
          against === null && `: ${outputChange(one.output, two.output, record.link)}`,
        )}
      </p>
      {against === null ? (
        <ShareTable
          caption={t("Contributions to the difference of the two records")}
          parts={differences(one, two)}
          base={two.output.link}
          from={t("Output of the other record")}
          to={t("Output of this record")}
          start={number(two.output.link)}
          end={number(one.output.link)}
        />
      ) : (
        <p class="note note-warn">
          {tx("{0} What each feature adds to the difference cannot be said.", against)}
        </p>
      )}
    </>
  );
}
