// Which decision record is lit up in the picture, and how to choose another one.
import { useMemo } from "preact/hooks";

import { getPrediction, listPredictions } from "../api/operations";
import type { StoredPrediction } from "../api/types";
import { Loaded } from "../components/loaded";
import { SelectField } from "../components/field";
import { moment, number } from "../format";
import { t, tx } from "../messages";
import { useResource, type Resource } from "../resource";
import { address, setQuery } from "../router";
import { flowOf, type Flow } from "./flow";

/** The record that the address names: what to say about it, and its flow where this version made it. */
export function useFlow(model: string, version: number, id: string | null) {
  const record = useResource<StoredPrediction | null>(`flow/${id ?? ""}`, async (signal) =>
    id ? getPrediction(id, signal) : null,
  );
  const { data } = record;
  const flow = useMemo<Flow | null>(
    () => (data && data.model === model && data.version === version ? flowOf(data) : null),
    [data, model, version],
  );
  return { flow, banner: id && <FlowBanner {...{ record, model, version }} /> };
}

interface FlowBannerProps {
  record: Resource<StoredPrediction | null>;
  model: string;
  version: number;
}

function FlowBanner({ record, model, version }: FlowBannerProps) {
  return (
    <Loaded resource={record} rows={1}>
      {(data) => {
        if (!data) return null;
        const { prediction } = data;
        const isOwn = data.model === model && data.version === version;
        return (
          <div class={isOwn ? "flow-banner" : "flow-banner note note-warn"}>
            <span>
              {isOwn ? (
                <>
                  {tx(
                    "{0}: from the base value {1} to {2}.",
                    <strong>{tx("Decision {0}", prediction.id.slice(0, 8))}</strong>,
                    number(prediction.base_value),
                    number(prediction.output.link),
                  )}
                </>
              ) : (
                t(
                  "This decision was made by {0}, version {1}, so its flow cannot be drawn here.",
                  data.model,
                  data.version,
                )
              )}
            </span>
            <a href={address`/predictions/${prediction.id}`}>{t("Open the record")}</a>
            <button type="button" class="button" onClick={() => setQuery({ flow: null })}>
              {t("Turn the flow off")}
            </button>
          </div>
        );
      }}
    </Loaded>
  );
}

/** The newest records of this version, fetched when somebody looks for one. */
export function FlowChoice({ model, version }: Pick<FlowBannerProps, "model" | "version">) {
  const records = useResource(`${model}/${version}`, (signal) => listPredictions({ model, version }, null, signal));
  return (
    <Loaded resource={records} rows={1}>
      {({ items }) => {
        if (items.length === 0) return <p class="hint">{t("No decision was made by this version yet.")}</p>;
        return (
          <SelectField
            label={t("Decision record")}
            value=""
            onValue={(flow) => setQuery({ flow: flow || null })}
            options={[
              ["", t("choose one of the newest")],
              ...items.map((item) => [item.id, `${moment(item.created_at)}, ${item.id.slice(0, 8)}`] as const),
            ]}
          />
        );
      }}
    </Loaded>
  );
}
