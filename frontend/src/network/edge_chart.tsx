// The chart of an edge: its curve with band, density and candidates, or what the candidates would miss.
import { useMemo } from "preact/hooks";

import { getEdgeChart } from "../api/operations";
import type { Figure } from "../api/types";
import { Chart } from "../charts/chart";
import { residualFigure } from "../charts/residuals";
import { Loaded } from "../components/loaded";
import { t } from "../messages";
import { useResource } from "../resource";
import { currentLocation, setQuery } from "../router";

interface EdgeChartProps {
  model: string;
  version: number;
  edge: string;
}

export function EdgeChart({ model, version, edge }: EdgeChartProps) {
  const chart = useResource(`${model}/${version}/${edge}`, (signal) => getEdgeChart(model, version, edge, signal));
  return (
    <div class="chart-slot">
      <Loaded resource={chart} rows={5}>
        {(figure) => <CurveOrResiduals figure={figure} edge={edge} />}
      </Loaded>
    </div>
  );
}

function CurveOrResiduals({ figure, edge }: { figure: Figure; edge: string }) {
  const residuals = useMemo(() => residualFigure(figure), [figure]);
  const showsResiduals = residuals !== null && currentLocation.value.query.get("chart") === "residuals";
  return (
    <>
      {residuals && (
        <div class="segmented" role="group" aria-label={t("Show in the chart")}>
          {(["curve", "residuals"] as const).map((name) => (
            <button
              type="button"
              key={name}
              aria-pressed={(name === "residuals") === showsResiduals}
              onClick={() => setQuery({ chart: name === "curve" ? null : name })}
            >
              {name === "curve" ? t("Curve") : t("Residuals of candidates")}
            </button>
          ))}
        </div>
      )}
      <Chart
        figure={showsResiduals ? residuals : figure}
        description={
          showsResiduals
            ? t("What the candidates of edge {0} differ by from its curve", edge)
            : t("Shape function of edge {0} over its training data", edge)
        }
      />
      <p class="hint">
        {t("The shaded ground lies outside the training data: the curve goes on as a straight line there.")}
      </p>
    </>
  );
}
