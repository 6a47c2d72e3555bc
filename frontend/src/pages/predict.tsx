// A prediction by hand: values that one tries, and below them the decision record that was made of some.
import { getPrediction, getVersion, getVersionInputs } from "../api/operations";
import type { Version, VersionInputs } from "../api/types";
import { StateBadge } from "../components/badge";
import { Loaded } from "../components/loaded";
import { PageFrame } from "../components/page";
import { t } from "../messages";
import { TryValues } from "../prediction/try_values";
import { PredictionRecord } from "../prediction_record";
import { useResource } from "../resource";
import { address, currentLocation } from "../router";

export function PredictPage({ model, version }: { model: string; version: string }) {
  const key = `${model}/${version}`;
  const entry = useResource(key, (signal) => getVersion(model, version, signal));
  const inputs = useResource(key, (signal) => getVersionInputs(model, version, signal));
  const record = currentLocation.value.query.get("record");
  return (
    <PageFrame
      wide
      title={t("Predict")}
      trail={[
        [t("Models"), "/models"],
        [model, address`/models/${model}`],
        [t("Version {0}", version), address`/models/${model}/versions/${version}`],
      ]}
      badges={entry.data && <StateBadge state={entry.data.state} />}
    >
      <Loaded resource={entry} rows={1}>
        {(data) =>
          data.state === "approved" ? null : (
            <p class="note note-warn">
              {t("This version is not approved. What it says is recorded as a trial and must not be used for a decision.")}
            </p>
          )
        }
      </Loaded>
      <Loaded resource={inputs} rows={10}>
        {(data) => entry.data && <Start version={entry.data} inputs={data} />}
      </Loaded>
      {record && <PredictionRecord key={record} id={record} announce />}
    </PageFrame>
  );
}

/** Begins with the row of the record that the address names, else with the example. */
function Start({ version, inputs }: { version: Version; inputs: VersionInputs }) {
  const from = currentLocation.value.query.get("from");
  if (from) return <StartFromRecord version={version} inputs={inputs} id={from} />;
  return <TryValues version={version} inputs={inputs} start={inputs.example} startName={t("the example")} />;
}

function StartFromRecord({ version, inputs, id }: { version: Version; inputs: VersionInputs; id: string }) {
  const record = useResource(id, (signal) => getPrediction(id, signal));
  return (
    <Loaded resource={record} rows={10}>
      {({ row }) => <TryValues version={version} inputs={inputs} start={row} startName={t("the record")} />}
    </Loaded>
  );
}
