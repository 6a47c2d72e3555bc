// The loss over a training: drawn here, because it grows while one looks.
import type { Progress } from "../api/types";
import { Table } from "../components/table";
import { number } from "../format";
import { t } from "../messages";

const WIDTH = 640;
const HEIGHT = 220;
const LEFT = 58;
const BOTTOM = 30;
const TOP = 22;

interface Stage {
  readonly stage: string;
  readonly position: number;
}

interface Point {
  readonly position: number;
  readonly value: number;
}

export function LossCurve({ history }: { history: readonly Progress[] }) {
  const shown = history.filter((progress) => typeof progress.loss === "number");
  if (shown.length < 2)
    return <div class="chart-area chart-wait">{t("The loss curve appears with the first steps.")}</div>;
  const training = pointsOf(shown, "loss");
  const validation = pointsOf(shown, "validation_loss");
  const values = [...training, ...validation].map((point) => point.value);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const across = (position: number): number => LEFT + (position / (shown.length - 1)) * (WIDTH - LEFT - 12);
  const down = (value: number): number =>
    TOP + (1 - (value - low) / (high - low || 1)) * (HEIGHT - TOP - BOTTOM);
  const path = (points: readonly Point[]): string =>
    points.map(({ position, value }) => `${across(position).toFixed(1)},${down(value).toFixed(1)}`).join(" ");
  return (
    <figure class="chart">
      <svg
        class="loss"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={sentence(training, validation)}
      >
        <Marks values={[low, (low + high) / 2, high]} stages={stagesOf(shown)} across={across} down={down} />
        <polyline class="training" points={path(training)} />
        {validation.length > 1 && <polyline class="validation" points={path(validation)} />}
        <text x={LEFT} y={HEIGHT - 8}>{t("— training loss")}</text>
        {validation.length > 1 && (
          <text x={LEFT + 130} y={HEIGHT - 8}>{t("┄ validation loss")}</text>
        )}
      </svg>
      <LossNumbers history={shown} />
    </figure>
  );
}

interface MarksProps {
  values: readonly number[];
  stages: readonly Stage[];
  across: (position: number) => number;
  down: (value: number) => number;
}

/** Lines across for values, lines down where a stage begins. */
function Marks({ values, stages, across, down }: MarksProps) {
  return (
    <>
      {values.map((value) => (
        <g key={value}>
          <path class="grid" d={`M${LEFT} ${down(value)}H${WIDTH - 12}`} />
          <text x={LEFT - 8} y={down(value)} dy="0.35em" text-anchor="end">
            {number(value, 3)}
          </text>
        </g>
      ))}
      {stages.map(({ stage, position }) => (
        <g key={`${stage}${position}`}>
          <path class="stage" d={`M${across(position)} ${TOP - 8}V${HEIGHT - BOTTOM}`} />
          <text x={across(position) + 4} y={TOP - 8}>
            {stage}
          </text>
        </g>
      ))}
    </>
  );
}

function LossNumbers({ history }: { history: readonly Progress[] }) {
  return (
    <details>
      <summary>{t("Numbers of this chart")}</summary>
      <Table
        caption={t("Loss by stage and step")}
        narrow="scroll"
        rows={history}
        rowKey={(row) => `${history.indexOf(row)}`}
        columns={[
          { title: t("Stage"), cell: (row) => row.stage },
          { title: t("Step"), numeric: true, cell: (row) => row.step },
          { title: t("Training loss"), numeric: true, cell: (row) => number(row.loss) },
          { title: t("Validation loss"), numeric: true, cell: (row) => number(row.validation_loss) },
          { title: t("Active edges"), numeric: true, cell: (row) => row.active_edges ?? "–" },
          { title: t("Intervals"), numeric: true, cell: (row) => row.grid_size ?? "–" },
          { title: t("Damping"), numeric: true, cell: (row) => number(row.damping, 2) },
          { title: t("Seconds"), numeric: true, cell: (row) => row.seconds?.toFixed(2) ?? "–" },
        ]}
      />
    </details>
  );
}

function pointsOf(history: readonly Progress[], field: "loss" | "validation_loss"): Point[] {
  return history.flatMap((progress, position) => {
    const value = progress[field];
    return typeof value === "number" ? [{ position, value }] : [];
  });
}

function stagesOf(history: readonly Progress[]): Stage[] {
  return history.flatMap(({ stage }, position) =>
    stage === history[position - 1]?.stage ? [] : [{ stage, position }],
  );
}

function sentence(training: readonly Point[], validation: readonly Point[]): string {
  const fall = (points: readonly Point[]): string =>
    `${number(points[0]?.value)} to ${number(points.at(-1)?.value)}`;
  const second = validation.length > 0 ? t(", validation loss from {0}", fall(validation)) : "";
  return t("Training loss from {0}{1}", fall(training), second);
}
