// The candidates of an edge less the curve in force: what a formula would miss, on a scale that shows it.
import type { Figure } from "../api/types";
import { t } from "../messages";
import { valuesOf } from "./figure_table";

type Trace = Figure["data"][number];

const styleOf = (trace: Trace): { dash?: unknown; width?: unknown } => (trace["line"] ?? {}) as object;
const isCandidate = (trace: Trace): boolean => styleOf(trace).dash === "dot";
const isCurve = (trace: Trace): boolean => styleOf(trace).width === 3 && !isCandidate(trace);

/** The figure of an edge with candidate minus curve in place of both; null where there are no candidates. */
export function residualFigure(figure: Figure): Figure | null {
  const curve = figure.data.find(isCurve);
  const candidates = figure.data.filter(isCandidate);
  if (!curve || candidates.length === 0) return null;
  const base = valuesOf(curve["y"]);
  const differences = candidates.map((trace) => ({
    ...trace,
    y: valuesOf(trace["y"]).map((value, index) => difference(value, base[index])),
    line: { ...styleOf(trace), dash: "solid" },
  }));
  const density = figure.data.filter((trace) => trace["type"] === "bar");
  const axis = (figure.layout["yaxis"] ?? {}) as object;
  return {
    data: [...differences, ...density],
    layout: { ...figure.layout, yaxis: { ...axis, title: { text: t("candidate − curve") } } },
  };
}

function difference(one: unknown, other: unknown): number | null {
  return typeof one === "number" && typeof other === "number" ? one - other : null;
}
