// A metric over versions as points.
import type { Version } from "../api/types";

export interface TrendPoint {
  readonly version: number;
  readonly value: number;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly rows: number;
  readonly better: string;
  /** Which rows it was measured on. */
  readonly rowsDigest: string;
}

type Measured = Pick<Version, "number" | "metrics" | "split">;

/** Oldest first; versions that lack the metric are left out. */
export function pointsOf(versions: readonly Measured[], name: string): TrendPoint[] {
  return [...versions]
    .sort((a, b) => a.number - b.number)
    .flatMap(({ number, metrics, split }) => {
      const metric = metrics.find((one) => one.name === name);
      if (!metric) return [];
      const { value, lower = null, upper = null, rows, better } = metric;
      const rowsDigest = split.test_rows_digest;
      return [{ version: number, value, lower, upper, rows, better, rowsDigest }];
    });
}

/** The least span that holds all points and intervals, never empty. */
export function spanOf(points: readonly TrendPoint[]): { low: number; high: number } {
  const values = points.flatMap(({ value, lower, upper }) => [value, lower ?? value, upper ?? value]);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const margin = (high - low || Math.abs(high) || 1) * 0.05;
  return { low: low - margin, high: high + margin };
}
