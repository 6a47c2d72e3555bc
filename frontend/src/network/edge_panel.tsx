// Everything about one edge: chart, formula, numbers, the candidates that were tried.
import type { ComponentChildren } from "preact";

import { getEdge, getEdgeChart } from "../api/operations";
import type { Candidate, EdgeDetail } from "../api/types";
import { Chart } from "../charts/chart";
import { FormBadge } from "../components/badge";
import { FormulaView } from "../components/formula";
import { Loaded } from "../components/loaded";
import { Facts } from "../components/page";
import { Table } from "../components/table";
import { number } from "../format";
import { useResource } from "../resource";
import { setQuery } from "../router";

interface EdgePanelProps {
  model: string;
  version: number;
  edge: string;
  onClose: () => void;
  /** Where the version may be changed: the form for it. */
  revision?: ComponentChildren;
  /** In a review: the decision about this edge. */
  children?: ComponentChildren;
}

export function EdgePanel({ model, version, edge, onClose, revision, children }: EdgePanelProps) {
  const key = `${model}/${version}/${edge}`;
  const detail = useResource(key, (signal) => getEdge(model, version, edge, signal));
  const chart = useResource(key, (signal) => getEdgeChart(model, version, edge, signal));
  return (
    <aside class="edge-panel" aria-label={`Edge ${edge}`}>
      <div class="edge-panel-head">
        <h2>{detail.data ? `${detail.data.source} → ${detail.data.target}` : `Edge ${edge}`}</h2>
        <button type="button" class="icon-button" aria-label="Close the edge" onClick={onClose}>
          <span aria-hidden="true">✕</span>
        </button>
      </div>
      {children}
      <div class="chart-slot">
        <Loaded resource={chart} rows={5}>
          {(figure) => (
            <Chart figure={figure} description={`Shape function of edge ${edge} over its training data`} />
          )}
        </Loaded>
      </div>
      <Loaded resource={detail} rows={6}>
        {(data) => <EdgeNumbers detail={data} revision={revision} />}
      </Loaded>
    </aside>
  );
}

function EdgeNumbers({ detail, revision }: { detail: EdgeDetail; revision: ComponentChildren }) {
  const unit = detail.unit ? ` ${detail.unit}` : "";
  const facts: [string, ComponentChildren][] = [
    ["Form", <FormBadge form={detail.form} />],
    ["Edge", <code>{detail.edge}</code>],
    ["Contribution spread", number(detail.spread)],
  ];
  if (detail.domain) {
    const [lower, upper] = detail.domain;
    facts.push(["Training domain", `${number(lower)} to ${number(upper)}${unit}`]);
  }
  if (detail.degree !== null) facts.push(["Spline degree", detail.degree]);
  if (detail.grid_size !== null) facts.push(["Spline intervals", detail.grid_size]);
  if (detail.categories.length > 0) facts.push(["Categories", detail.categories.join(", ")]);
  if (detail.stability !== null) facts.push(["Stability of the choice", <Stability detail={detail} />]);
  if (detail.value_when_missing !== null)
    facts.push(["Value when missing", number(detail.value_when_missing)]);
  return (
    <>
      <h3>Formula</h3>
      <FormulaView latex={detail.latex} text={detail.text} />
      <h3>Numbers</h3>
      <Facts facts={facts} />
      {revision}
      {detail.candidates.length > 0 && (
        <Candidates candidates={detail.candidates} maySnap={Boolean(revision)} />
      )}
    </>
  );
}

/** How often the form in force won over its rivals, each inside the whole network. */
function Stability({ detail }: { detail: EdgeDetail }) {
  const rivals = detail.rivals.filter((name) => !detail.candidates[0] || name !== detail.candidates[0].function);
  return (
    <>
      {Math.round(100 * (detail.stability ?? 0))} % of resamples of the rows
      {rivals.length > 0 && <span class="hint"> against {rivals.join(", ")}</span>}
    </>
  );
}

interface CandidatesProps {
  candidates: readonly Candidate[];
  maySnap: boolean;
}

function Candidates({ candidates, maySnap }: CandidatesProps) {
  return (
    <>
      <h3>Symbolic candidates</h3>
      <p class="hint">
        Forms fitted to this edge. R² and the largest deviation are against the curve in force.
      </p>
      <Table
        caption="Symbolic candidates"
        narrow="scroll"
        rows={candidates}
        rowKey={(row) => row.function}
        columns={[
          {
            title: "Form",
            cell: (row) => (
              <span class={row.in_force ? "in-force" : ""} title={row.text}>
                {row.function}
                {row.in_force && <span class="badge badge-accent">in force</span>}
                {maySnap && !row.in_force && (
                  <button
                    type="button"
                    class="button"
                    aria-label={`Snap to this form: ${row.function}`}
                    onClick={() => setQuery({ change: "function", form: row.function })}
                  >
                    Snap to this form
                  </button>
                )}
              </span>
            ),
          },
          { title: "R²", numeric: true, cell: (row) => row.r2.toFixed(4) },
          { title: "Max. deviation", numeric: true, cell: (row) => number(row.max_abs_deviation, 3) },
          { title: "Complexity", numeric: true, cell: (row) => row.complexity },
        ]}
      />
    </>
  );
}
