// One edge in two versions: two charts on the same scales, so that the eye may go from one to the other.
import type { EdgeOverlay } from "../api/types";
import { number } from "../format";
import { farthest } from "./changes";

const WIDTH = 340;
const HEIGHT = 190;
const LEFT = 54;
const RIGHT = 10;
const TOP = 10;
const BOTTOM = 28;

export type Side = "before" | "after";

interface Scales {
  across: (index: number) => number;
  down: (value: number) => number;
  low: number;
  high: number;
}

function scalesOf({ x, before, after }: EdgeOverlay): Scales {
  const values = [...before, ...after];
  const low = Math.min(...values);
  const high = Math.max(...values);
  const [first = 0, last = 1] = [x[0], x.at(-1)];
  return {
    low,
    high,
    across: (index) =>
      LEFT + (((x[index] ?? first) - first) / (last - first || 1)) * (WIDTH - LEFT - RIGHT),
    down: (value) => TOP + (1 - (value - low) / (high - low || 1)) * (HEIGHT - TOP - BOTTOM),
  };
}

interface CurveProps {
  overlay: EdgeOverlay;
  side: Side;
  description: string;
}

/** The curve of one side, the other one as a shadow behind it, a mark where both are farthest apart. */
export function SideCurve({ overlay, side, description }: CurveProps) {
  const scales = scalesOf(overlay);
  const { across, down, low, high } = scales;
  const isTable = overlay.categories.length > 0;
  const far = farthest(overlay);
  return (
    <svg class="side-curve" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={description}>
      {[low, high].map((value, index) => (
        <g key={index}>
          <path class="grid" d={`M${LEFT} ${down(value)}H${WIDTH - RIGHT}`} />
          <text x={LEFT - 6} y={down(value)} dy="0.35em" text-anchor="end">
            {number(value, 3)}
          </text>
        </g>
      ))}
      {far && <path class="farthest" d={`M${across(far.index)} ${TOP}V${HEIGHT - BOTTOM}`} />}
      {isTable ? (
        <Dots overlay={overlay} side={side} scales={scales} />
      ) : (
        <>
          <polyline class="shadow" points={line(overlay[side === "before" ? "after" : "before"], scales)} />
          <polyline class="curve" points={line(overlay[side], scales)} />
          <text x={LEFT} y={HEIGHT - 8}>
            {number(overlay.x[0])}
          </text>
          <text x={WIDTH - RIGHT} y={HEIGHT - 8} text-anchor="end">
            {number(overlay.x.at(-1))} {overlay.unit ?? ""}
          </text>
        </>
      )}
    </svg>
  );
}

const line = (values: readonly number[], { across, down }: Scales): string =>
  values.map((value, index) => `${across(index).toFixed(1)},${down(value).toFixed(1)}`).join(" ");

/** The values of a table: one dot for each category, hollow where the other version has it. */
function Dots({ overlay, side, scales }: { overlay: EdgeOverlay; side: Side; scales: Scales }) {
  const { across, down } = scales;
  const other = overlay[side === "before" ? "after" : "before"];
  return (
    <>
      {overlay.categories.map((category, index) => (
        <g key={category}>
          <circle class="shadow" cx={across(index)} cy={down(other[index] ?? 0)} r="4" />
          <circle class="dot" cx={across(index)} cy={down(overlay[side][index] ?? 0)} r="4" />
        </g>
      ))}
      <text x={LEFT} y={HEIGHT - 8}>
        {overlay.categories[0]}
      </text>
      <text x={WIDTH - RIGHT} y={HEIGHT - 8} text-anchor="end">
        {overlay.categories.at(-1)}
      </text>
    </>
  );
}
