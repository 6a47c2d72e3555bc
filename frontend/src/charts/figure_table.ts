// The numbers behind a figure, for its table twin. Plotly's arrays come as lists or as base64 of typed arrays.
import type { Figure } from "../api/types";
import { number } from "../format";
import { t } from "../messages";

export interface TraceTable {
  readonly name: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly rows: readonly (readonly [x: unknown, y: unknown])[];
}

const MAXIMUM_ROWS = 41;

const READERS: Record<string, new (buffer: ArrayBuffer) => ArrayLike<number>> = {
  f8: Float64Array,
  f4: Float32Array,
  i4: Int32Array,
  u4: Uint32Array,
  i2: Int16Array,
  u2: Uint16Array,
  i1: Int8Array,
  u1: Uint8Array,
};

/** One table per trace that has values; long curves are thinned evenly, ends included. */
export function traceTables(figure: Figure): TraceTable[] {
  return figure.data.flatMap((trace) => {
    const x = named(valuesOf(trace["x"]), axisOf(figure, "x", trace["xaxis"]));
    const y = named(valuesOf(trace["y"]), axisOf(figure, "y", trace["yaxis"]));
    const rows = thin(pairsOf(trace, x, y)).filter(
      ([, value]) => value !== undefined,
    );
    if (rows.length === 0) return [];
    return [
      {
        name: typeof trace["name"] === "string" && trace["name"] ? trace["name"] : t("Values"),
        ...titlesOf(trace, titleOf(axisOf(figure, "x", trace["xaxis"]), "x"), titleOf(axisOf(figure, "y", trace["yaxis"]), "y")),
        rows,
      },
    ];
  });
}

/** What each row tells: a value, the ends of a band at its place, or the value of a tile. */
function pairsOf(trace: Record<string, unknown>, x: readonly unknown[], y: readonly unknown[]) {
  if (trace["fill"] === "toself")
    return x
      .slice(0, x.length / 2)
      .map((value, index) => [value, ends(y[y.length - 1 - index], y[index])] as const);
  const values = valuesOf(trace["customdata"]);
  if (isTiles(trace)) return x.map((value, index) => [`${show(value)}; ${show(y[index])}`, values[index]] as const);
  return x.map((value, index) => [value, y[index]] as const);
}

function isTiles(trace: Record<string, unknown>): boolean {
  return (trace["marker"] as { showscale?: unknown } | undefined)?.showscale === true;
}

function ends(lower: unknown, upper: unknown): string {
  return `${show(lower)} to ${show(upper)}`;
}

function show(value: unknown): string {
  return typeof value === "number" ? number(value) : String(value);
}

export function valuesOf(source: unknown): unknown[] {
  if (Array.isArray(source)) return source;
  if (typeof source !== "object" || source === null) return [];
  const { dtype, bdata } = source as { dtype?: unknown; bdata?: unknown };
  const Reader = typeof dtype === "string" ? READERS[dtype] : undefined;
  if (!Reader || typeof bdata !== "string") return [];
  const bytes = Uint8Array.from(atob(bdata), (character) => character.charCodeAt(0));
  return Array.from(new Reader(bytes.buffer));
}

function thin<T>(rows: readonly T[]): T[] {
  if (rows.length <= MAXIMUM_ROWS) return [...rows];
  const step = (rows.length - 1) / (MAXIMUM_ROWS - 1);
  return Array.from({ length: MAXIMUM_ROWS }, (_, index) => rows[Math.round(index * step)]).filter(
    (row): row is T => row !== undefined,
  );
}

interface Axis {
  title?: { text?: unknown };
  tickvals?: unknown;
  ticktext?: unknown;
}

function axisOf(figure: Figure, letter: "x" | "y", reference: unknown): Axis {
  const suffix = typeof reference === "string" ? reference.slice(1) : "";
  return (figure.layout[`${letter}axis${suffix}`] ?? {}) as Axis;
}

function titlesOf(trace: Record<string, unknown>, x: string, y: string) {
  return isTiles(trace) ? { xTitle: `${x}; ${y}`, yTitle: String(trace["name"]) } : { xTitle: x, yTitle: y };
}

function titleOf(axis: Axis, otherwise: string): string {
  const text = axis.title?.text;
  return typeof text === "string" && text ? text : otherwise;
}

/** Positions that the axis names are told by their names. */
function named(values: readonly unknown[], axis: Axis): unknown[] {
  const places = valuesOf(axis.tickvals);
  const names = valuesOf(axis.ticktext);
  return values.map((value) => names[places.indexOf(value)] ?? value);
}
