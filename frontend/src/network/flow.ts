// A decision record as a light in the picture: what each edge contributed, and the row that it was about.
import type { EdgeContribution, StoredPrediction } from "../api/types";
import { cell } from "../format";

export interface Flow {
  readonly edges: ReadonlyMap<string, EdgeContribution>;
  /** The size of the largest contribution; 1 where all are zero. */
  readonly largest: number;
  /** The values of the row, by feature. */
  readonly values: ReadonlyMap<string, string>;
}

export function flowOf(record: StoredPrediction): Flow {
  const { edges } = record.prediction;
  const largest = Math.max(...edges.map((edge) => Math.abs(edge.contribution)), 0);
  return {
    edges: new Map(edges.map((edge) => [edge.edge, edge])),
    largest: largest || 1,
    values: new Map(Object.entries(record.row).map(([name, value]) => [name, cell(value)])),
  };
}

/** Which way an edge moved the answer. */
export function sense(contribution: number): "raises" | "lowers" | "still" {
  if (contribution === 0) return "still";
  return contribution > 0 ? "raises" : "lowers";
}

/** Where an input lies on a small curve, from 0 to 1 in both directions; null where it has no place on it. */
export function pointOnCurve(
  curve: { readonly x: readonly number[]; readonly y: readonly number[] },
  domain: readonly number[] | null,
  input: unknown,
): { x: number; y: number } | null {
  const [lower, upper] = domain ?? [];
  if (typeof input !== "number" || lower === undefined || upper === undefined || upper <= lower) return null;
  const x = Math.min(Math.max((input - lower) / (upper - lower), 0), 1);
  const last = curve.x.length - 1;
  const position = x * last;
  const before = Math.min(Math.floor(position), Math.max(last - 1, 0));
  const left = curve.y[before];
  const right = curve.y[before + 1] ?? left;
  if (left === undefined || right === undefined) return null;
  return { x, y: left + (right - left) * (position - before) };
}
