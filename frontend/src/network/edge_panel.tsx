// Everything about one edge: chart, formula, direction, numbers, the candidates that were tried, what changed.
import type { ComponentChildren } from "preact";

import { getEdge } from "../api/operations";
import type { Candidate, Certificate, EdgeDetail } from "../api/types";
import { FormBadge } from "../components/badge";
import { Loaded } from "../components/loaded";
import { Facts } from "../components/page";
import { Table } from "../components/table";
import { number } from "../format";
import { t, tx } from "../messages";
import { useResource } from "../resource";
import { setQuery } from "../router";
import { EdgeChange } from "./edge_change";
import { EdgeChart } from "./edge_chart";
import { EdgeDirection } from "./edge_direction";
import { EdgeFormula } from "./edge_formula";

/** An earlier version that edges are compared with, and what it is to this one. */
export interface Earlier {
  readonly version: number;
  readonly role: string;
}

interface EdgePanelProps {
  model: string;
  version: number;
  edge: string;
  onClose: () => void;
  certificates: readonly Certificate[] | null;
  earlier: Earlier | null;
  /** Where the version may be changed: the form for it. */
  revision?: ComponentChildren;
  /** In a review: the decision about this edge. */
  children?: ComponentChildren;
}

export function EdgePanel({ model, version, edge, onClose, certificates, earlier, revision, children }: EdgePanelProps) {
  const detail = useResource(`${model}/${version}/${edge}`, (signal) => getEdge(model, version, edge, signal));
  return (
    <aside class="edge-panel" aria-label={t("Edge {0}", edge)}>
      <div class="edge-panel-head">
        <h2>{detail.data ? `${detail.data.source} → ${detail.data.target}` : t("Edge {0}", edge)}</h2>
        <button type="button" class="icon-button" aria-label={t("Close the edge")} onClick={onClose}>
          <span aria-hidden="true">✕</span>
        </button>
      </div>
      {children}
      <EdgeChart model={model} version={version} edge={edge} />
      <Loaded resource={detail} rows={6}>
        {(data) => (
          <>
            <EdgeFormula detail={data} />
            <EdgeDirection detail={data} certificates={certificates} />
            <EdgeNumbers detail={data} />
            {revision}
            {data.candidates.length > 0 && <Candidates candidates={data.candidates} maySnap={Boolean(revision)} />}
          </>
        )}
      </Loaded>
      {earlier && <EdgeChange {...{ model, version, edge, earlier }} />}
    </aside>
  );
}

function EdgeNumbers({ detail }: { detail: EdgeDetail }) {
  const unit = detail.unit ? ` ${detail.unit}` : "";
  const facts: [string, ComponentChildren][] = [
    [t("Form"), <FormBadge form={detail.form} />],
    [t("Edge"), <code>{detail.edge}</code>],
    [t("Contribution spread"), number(detail.spread)],
  ];
  if (detail.domain) {
    const [lower, upper] = detail.domain;
    facts.push([t("Training domain"), `${number(lower)} to ${number(upper)}${unit}`]);
  }
  if (detail.degree !== null) facts.push([t("Spline degree"), detail.degree]);
  if (detail.grid_size !== null) facts.push([t("Spline intervals"), detail.grid_size]);
  if (detail.categories.length > 0) facts.push([t("Categories"), detail.categories.join(", ")]);
  if (detail.stability !== null) facts.push([t("Stability of the choice"), <Stability detail={detail} />]);
  if (detail.value_when_missing !== null)
    facts.push([t("Value when missing"), number(detail.value_when_missing)]);
  return (
    <>
      <h3>{t("Numbers")}</h3>
      <Facts facts={facts} />
    </>
  );
}

/** How often the form in force won over its rivals, each inside the whole network. */
function Stability({ detail }: { detail: EdgeDetail }) {
  const rivals = detail.rivals.filter((name) => !detail.candidates[0] || name !== detail.candidates[0].function);
  return (
    <>
      {tx(
        "{0} % of resamples of the rows{1}{2}",
        Math.round(100 * (detail.stability ?? 0)),
        rivals.length > 0 && <span class="hint">{tx(" against {0}", rivals.join(", "))}</span>,
        detail.tolerances && (
          <span class="hint">
            {tx(", at tolerances from {0} to {1}", ...detail.tolerances.map((one) => number(one)))}
          </span>
        ),
      )}
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
      <h3>{t("Symbolic candidates")}</h3>
      <p class="hint">
        {t("Forms fitted to this edge. R² and the largest deviation are against the curve in force.")}
      </p>
      <Table
        caption={t("Symbolic candidates")}
        narrow="scroll"
        rows={candidates}
        rowKey={(row) => row.function}
        columns={[
          {
            title: t("Form"),
            cell: (row) => (
              <span class={row.in_force ? "in-force" : ""} title={row.text}>
                {row.function}
                {row.in_force && <span class="badge badge-accent">{t("in force")}</span>}
                {maySnap && !row.in_force && (
                  <button
                    type="button"
                    class="button"
                    aria-label={t("Snap to this form: {0}", row.function)}
                    onClick={() => setQuery({ change: "function", form: row.function })}
                  >
                    {t("Snap to this form")}
                  </button>
                )}
              </span>
            ),
          },
          { title: "R²", numeric: true, cell: (row) => row.r2.toFixed(4) },
          { title: "Max. deviation", numeric: true, cell: (row) => number(row.max_abs_deviation, 3) },
          { title: t("Complexity"), numeric: true, cell: (row) => row.complexity },
        ]}
      />
    </>
  );
}
