// A decision record as a flow through the edges of the network; the table above it has the same numbers.
import { useState } from "preact/hooks";
import { getPredictionChart, predictionPicture } from "./api/operations";
import type { StoredPrediction } from "./api/types";
import { Chart } from "./charts/chart";
import { Loaded } from "./components/loaded";
import { t } from "./messages";
import { useResource } from "./resource";
import { address } from "./router";

/** Drawn once it is opened. */
export function FlowChart({ record }: { record: StoredPrediction }) {
  const [open, setOpen] = useState(false);
  const { id } = record.prediction;
  return (
    <>
      <a class="button more" href={`${address`/models/${record.model}/versions/${record.version}`}?flow=${id}`}>
        {t("Light it up in the network")}
      </a>
      <details class="card" onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>{t("As a flow through the network")}</summary>
        {open && <Flow id={id} />}
      </details>
    </>
  );
}

function Flow({ id }: { id: string }) {
  const chart = useResource(id, (signal) => getPredictionChart(id, "flow", signal));
  const description = t("Contributions of the edges, from the features to the output");
  return (
    <>
      <div class="chart-slot">
        <Loaded resource={chart} rows={6}>
          {(figure) => <Chart figure={figure} description={description} />}
        </Loaded>
      </div>
      <a href={predictionPicture(id, "flow")} download>{t("Save as SVG")}</a>
    </>
  );
}
