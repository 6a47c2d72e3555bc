// How the loss grows as edges go: measured by previews, one after the other, drawn as they come; a slider chooses.
import { useEffect, useState } from "preact/hooks";

import { previewRevision } from "../api/operations";
import { Problem } from "../api/client";
import { Field } from "../components/field";
import { ProblemNote } from "../components/problem";
import { Table } from "../components/table";
import { number, plural } from "../format";
import { t } from "../messages";
import { ordered, pointFor, sizesToTry, type TradeoffPoint } from "./tradeoff";

interface PruneTradeoffProps {
  model: string;
  version: number;
  active: number;
  /** The number of edges that may stay, as typed; empty for no limit. */
  edges: string;
  onEdges: (edges: string) => void;
}

export function PruneTradeoff({ model, version, active, edges, onEdges }: PruneTradeoffProps) {
  const [wanted, setWanted] = useState(false);
  const { points, problem, done } = useTradeoff(model, version, active, wanted);
  const chosen = Number(edges) || active;
  const point = pointFor(points, chosen);
  return (
    <>
      <Field label={t("Most edges")} hint={t("Drag to keep fewer; at the right end the tolerance alone decides.")}>
        {(tie) => (
          <input
            {...tie}
            type="range"
            min="1"
            max={active}
            step="1"
            value={chosen}
            aria-valuetext={chosen === active ? "no limit" : plural(chosen, "edge")}
            onInput={(event) => {
              const value = event.currentTarget.value;
              onEdges(Number(value) >= active ? "" : value);
            }}
          />
        )}
      </Field>
      <p role="status">
        {chosen === active ? t("No limit.") : t("At most {0}.", plural(chosen, "edge"))}{" "}
        {point && points.length > 1 && t("About {0} training loss with {1}.", number(point.loss), plural(point.edges, "edge"))}
      </p>
      {problem && <ProblemNote problem={problem} />}
      {!wanted && active > 1 && (
        <button type="button" class="button" onClick={() => setWanted(true)}>
          {t("Measure what fewer edges cost")}
        </button>
      )}
      {wanted && (
        <>
          <TradeoffChart points={points} active={active} chosen={chosen} />
          {!done && !problem && <p class="hint">{t("Measuring: each point is a short refit …")}</p>}
        </>
      )}
    </>
  );
}

function useTradeoff(model: string, version: number, active: number, wanted: boolean) {
  const [points, setPoints] = useState<readonly TradeoffPoint[]>([]);
  const [problem, setProblem] = useState<Problem>();
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!wanted) return undefined;
    const controller = new AbortController();
    const measure = async (): Promise<void> => {
      for (const size of sizesToTry(active)) {
        const change = { operation: "prune" as const, tolerance: 0, maximum_edges: size };
        const found = await previewRevision(model, version, { changes: [change] }, controller.signal);
        if (controller.signal.aborted) return;
        const before = { edges: active, loss: found.before.loss };
        setPoints((old) => ordered([...old, before, { edges: found.active_edges, loss: found.after.loss }]));
      }
      setDone(true);
    };
    measure().catch((error: unknown) => {
      if (controller.signal.aborted) return;
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
    });
    return () => controller.abort();
  }, [wanted, model, version, active]);
  return { points, problem, done };
}

const WIDTH = 480;
const HEIGHT = 170;
const LEFT = 56;
const BOTTOM = 30;
const TOP = 12;

function TradeoffChart({ points, active, chosen }: { points: readonly TradeoffPoint[]; active: number; chosen: number }) {
  const losses = points.map((point) => point.loss);
  const low = Math.min(...losses);
  const high = Math.max(...losses);
  const across = (edges: number): number => LEFT + ((edges - 1) / Math.max(active - 1, 1)) * (WIDTH - LEFT - 14);
  const down = (loss: number): number => TOP + (1 - (loss - low) / (high - low || 1)) * (HEIGHT - TOP - BOTTOM);
  const line = points.map((point) => `${across(point.edges).toFixed(1)},${down(point.loss).toFixed(1)}`).join(" ");
  return (
    <figure class="chart">
      <svg class="loss" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={t("Training loss by number of edges; the numbers follow.")}>
        {points.length > 0 &&
          [low, high].map((value, index) => (
            <g key={index}>
              <path class="grid" d={`M${LEFT} ${down(value)}H${WIDTH - 14}`} />
              <text x={LEFT - 8} y={down(value)} dy="0.35em" text-anchor="end">
                {number(value, 3)}
              </text>
            </g>
          ))}
        <path class="stage" d={`M${across(chosen)} ${TOP}V${HEIGHT - BOTTOM}`} />
        <polyline class="training" points={line} />
        {points.map((point) => (
          <circle key={point.edges} class="training-point" cx={across(point.edges)} cy={down(point.loss)} r="4" />
        ))}
        <text x={LEFT} y={HEIGHT - 8}>{t("1 edge")}</text>
        <text x={WIDTH - 14} y={HEIGHT - 8} text-anchor="end">
          {plural(active, "edge")}
        </text>
      </svg>
      <details>
        <summary>{t("Numbers of this chart")}</summary>
        <Table
          caption={t("Training loss by number of edges")}
          narrow="scroll"
          rows={points}
          rowKey={(row) => row.edges}
          columns={[
            { title: t("Edges"), numeric: true, cell: (row) => row.edges },
            { title: t("Training loss"), numeric: true, cell: (row) => number(row.loss) },
          ]}
        />
      </details>
    </figure>
  );
}
