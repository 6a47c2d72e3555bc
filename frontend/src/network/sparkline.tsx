// The small true curve of an edge: a line, or bars for a table of categories.
import type { Form } from "../api/types";
import { TILE } from "./layout";

interface SparklineProps {
  curve: { x: readonly number[]; y: readonly number[] };
  form: Form;
  width: number;
  height: number;
}

const INSET = 4;

/** A point of the unit square on a tile of the picture. */
export function placeOnTile(point: { x: number; y: number }): { cx: number; cy: number } {
  return {
    cx: INSET + point.x * (TILE.width - 2 * INSET),
    cy: TILE.height - INSET - point.y * (TILE.height - 2 * INSET),
  };
}

/** The drawing inside an SVG, with its upper left corner at the origin. */
export function SparklineShape({ curve, form, width, height }: SparklineProps) {
  const across = (x: number): number => INSET + x * (width - 2 * INSET);
  const down = (y: number): number => height - INSET - y * (height - 2 * INSET);
  if (form === "table") {
    const bar = Math.min(7, ((width - 2 * INSET) / Math.max(curve.x.length, 1)) * 0.7);
    return (
      <g class="spark-bars">
        {curve.x.map((x, index) => {
          const top = down(curve.y[index] ?? 0);
          const left = INSET + x * (width - 2 * INSET - bar);
          return <rect key={index} x={left} y={top - 1} width={bar} height={height - INSET - top + 1} />;
        })}
      </g>
    );
  }
  const points = curve.x.map((x, index) => `${across(x).toFixed(1)},${down(curve.y[index] ?? 0).toFixed(1)}`);
  return <polyline class="spark-line" points={points.join(" ")} />;
}

export function Sparkline({ curve, form }: Pick<SparklineProps, "curve" | "form">) {
  return (
    <svg class={`sparkline form-${form}`} viewBox="0 0 72 30" width="72" height="30" aria-hidden="true">
      <rect class="tile" x="0.5" y="0.5" width="71" height="29" rx="4" />
      <SparklineShape curve={curve} form={form} width={72} height={30} />
    </svg>
  );
}
