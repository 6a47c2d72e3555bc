// Places of versions in a picture of their lineage: one column a generation, children below and right of parents.
import type { Lineage } from "./api/types";

export interface Place {
  readonly number: number;
  readonly column: number;
  readonly row: number;
}

/** Every version gets a row of its own in depth-first order; versions whose parent is gone begin anew. */
export function placesOf({ nodes, edges }: Pick<Lineage, "nodes" | "edges">): Place[] {
  const known = new Set(nodes.map(({ number }) => number));
  const parents = new Map(edges.map(({ child, parent }) => [child, parent]));
  const children = new Map<number, number[]>();
  const roots: number[] = [];
  for (const { number } of [...nodes].sort((a, b) => a.number - b.number)) {
    const parent = parents.get(number);
    if (parent === undefined || !known.has(parent)) roots.push(number);
    else children.set(parent, [...(children.get(parent) ?? []), number]);
  }
  const places: Place[] = [];
  const waiting = roots.map((number) => ({ number, column: 0 })).reverse();
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { number, column } = next;
    places.push({ number, column, row: places.length });
    const below = (children.get(number) ?? []).map((child) => ({ number: child, column: column + 1 }));
    waiting.push(...below.reverse());
  }
  return places;
}
