// What fewer edges cost: which numbers of edges are tried, and how the found losses are read.

export interface TradeoffPoint {
  /** Edges that are left. */
  readonly edges: number;
  /** Mean loss after a short refit. */
  readonly loss: number;
}

/** Numbers of edges to try, the largest first: every one of few, ever wider steps among many. */
export function sizesToTry(active: number, most = 8): number[] {
  const sizes = new Set<number>();
  for (let step = 0; step < most && active > 1; step += 1) {
    const share = step / Math.max(most - 1, 1);
    sizes.add(Math.max(1, Math.round((active - 1) ** (1 - share))));
  }
  return [...sizes].sort((one, other) => other - one);
}

/** In the order of edges, each number once. */
export function ordered(points: readonly TradeoffPoint[]): TradeoffPoint[] {
  const byEdges = new Map(points.map((point) => [point.edges, point]));
  return [...byEdges.values()].sort((one, other) => one.edges - other.edges);
}

/** The point for at most so many edges; null where none was tried that is as small. */
export function pointFor(points: readonly TradeoffPoint[], most: number): TradeoffPoint | null {
  return ordered(points).reduce<TradeoffPoint | null>((best, point) => (point.edges <= most ? point : best), null);
}
