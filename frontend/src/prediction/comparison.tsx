// A record beside another one of the same model: what differs in the row, and what each difference adds.
import { getPrediction, listPredictions } from "../api/operations";
import type { PredictionSummary, StoredPrediction } from "../api/types";
import { SelectField } from "../components/field";
import { Loaded } from "../components/loaded";
import { Section } from "../components/page";
import { moment, number } from "../format";
import { useResource } from "../resource";
import { address, currentLocation, setQuery } from "../router";
import { outputChange, outputText, summaryText } from "./answer";
import { ShareTable } from "./share_table";
import { differences } from "./shares";

export function RecordComparison({ record }: { record: StoredPrediction }) {
  const other = currentLocation.value.query.get("with");
  const recent = useResource(record.model, (signal) => listPredictions(record.model, null, signal));
  const own = record.prediction.id;
  const offered = (recent.data?.items ?? []).filter(({ id }) => id !== own);
  const listed = offered.some(({ id }) => id === other);
  return (
    <Section title="Compared with another record">
      <div class="card">
        <SelectField
          label="The other record"
          hint="The newest of this model; any other one by the address: ?with= and its identifier."
          value={other ?? ""}
          onValue={(id) => setQuery({ with: id || null })}
          options={[
            ["", offered.length === 0 ? "There is no other record yet" : "Choose a record"],
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
  return `${moment(one.created_at)}: ${summaryText(one)}, version ${one.version}`;
}

function Pair({ record, other }: { record: StoredPrediction; other: string }) {
  const loaded = useResource(other, (signal) => getPrediction(other, signal));
  return <Loaded resource={loaded}>{(data) => <Difference record={record} other={data} />}</Loaded>;
}

/** Why two records cannot be set against each other feature by feature; null where they can. */
export function obstacle(record: StoredPrediction, other: StoredPrediction): string | null {
  const [one, two] = [record.prediction, other.prediction];
  if (record.digest !== other.digest) return "The records come from different versions.";
  if (one.output.outcome !== two.output.outcome) return "The records explain different outcomes.";
  const isSame = one.reference === two.reference && one.reference_digest === two.reference_digest;
  if (!isSame) return "The records are measured against different references.";
  if (one.features.length === 0 || two.features.length === 0) return "One record has no contributions of features.";
  return null;
}

function Difference({ record, other }: { record: StoredPrediction; other: StoredPrediction }) {
  const [one, two] = [record.prediction, other.prediction];
  const against = obstacle(record, other);
  return (
    <>
      <p>
        This record says <strong>{outputText(one.output, record.link)}</strong>,{" "}
        <a href={address`/predictions/${two.id}`}>the other one</a> {outputText(two.output, other.link)}
        {against === null && `: ${outputChange(one.output, two.output, record.link)}`}.
      </p>
      {against === null ? (
        <ShareTable
          caption="Contributions to the difference of the two records"
          parts={differences(one, two)}
          base={two.output.link}
          from="Output of the other record"
          to="Output of this record"
          start={number(two.output.link)}
          end={number(one.output.link)}
        />
      ) : (
        <p class="note note-warn">{against} What each feature adds to the difference cannot be said.</p>
      )}
    </>
  );
}
