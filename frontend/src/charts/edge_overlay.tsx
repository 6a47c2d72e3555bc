// One edge before and after: two lines over the same inputs, or the values of a table, with the numbers below.
import type { EdgeOverlay } from "../api/types";
import { Table } from "../components/table";
import { number } from "../format";
import { t } from "../messages";

const WIDTH = 560;
const HEIGHT = 220;
const LEFT = 62;
const TOP = 14;
const BOTTOM = 46;

export function EdgeOverlayChart({ edge }: { edge: EdgeOverlay }) {
  const values = [...edge.before, ...edge.after];
  const low = Math.min(...values);
  const high = Math.max(...values);
  const first = edge.x[0] ?? 0;
  const last = edge.x.at(-1) ?? 1;
  const across = (x: number): number => LEFT + ((x - first) / (last - first || 1)) * (WIDTH - LEFT - 12);
  const down = (value: number): number => TOP + (1 - (value - low) / (high - low || 1)) * (HEIGHT - TOP - BOTTOM);
  const path = (ys: readonly number[]): string =>
    ys.map((y, index) => `${across(edge.x[index] ?? 0).toFixed(1)},${down(y).toFixed(1)}`).join(" ");
  const isTable = edge.categories.length > 0;
  return (
    <figure class="chart">
      <svg
        class="loss overlay"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={t(
          "Edge {0}, {1} to {2}, before and after; the numbers follow.",
          edge.edge,
          edge.source,
          edge.target,
        )}
      >
        {[low, high].map((value, index) => (
          <g key={index}>
            <path class="grid" d={`M${LEFT} ${down(value)}H${WIDTH - 12}`} />
            <text x={LEFT - 8} y={down(value)} dy="0.35em" text-anchor="end">
              {number(value, 3)}
            </text>
          </g>
        ))}
        <polyline class="validation" points={path(edge.before)} />
        <polyline class="training" points={path(edge.after)} />
        {!isTable && (
          <>
            <text x={LEFT} y={HEIGHT - 26}>{`${number(first)} ${edge.unit ?? ""}`}</text>
            <text x={WIDTH - 12} y={HEIGHT - 26} text-anchor="end">{`${number(last)} ${edge.unit ?? ""}`}</text>
          </>
        )}
        <text x={LEFT} y={HEIGHT - 8}>{t("┄ before, — after")}</text>
      </svg>
      <details>
        <summary>{t("Numbers of this chart")}</summary>
        <Table
          caption={t("Edge {0} before and after, less its mean", edge.edge)}
          narrow="scroll"
          rows={edge.x.map((x, index) => ({ x, index }))}
          rowKey={(row) => row.index}
          columns={[
            {
              title: edge.source,
              numeric: !isTable,
              cell: (row) => (isTable ? (edge.categories[row.index] ?? "") : number(row.x)),
            },
            { title: t("Before"), numeric: true, cell: (row) => number(edge.before[row.index]) },
            { title: t("After"), numeric: true, cell: (row) => number(edge.after[row.index]) },
          ]}
        />
      </details>
    </figure>
  );
}
