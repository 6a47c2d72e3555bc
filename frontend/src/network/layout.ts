// Where nodes and edges of a network are drawn: layers from left to right, and between two layers a column of
// tiles, one for each edge, so that every curve can be seen however many edges there are. Where nearly all nodes of
// two wide layers are joined, the tiles form a grid instead: a row for each source, a column for each target.
//
// Order within a layer: one sweep of the barycentre heuristic from the outputs back (Sugiyama, Tagawa, Toda 1981).
import type { Network, NetworkEdge, NetworkNode } from "../api/types";

export const TILE = { width: 72, height: 30 } as const;

const PITCH = 37;
const MARGIN = 18;
/** Room for the names of the inputs; a network without hidden layers leaves more of it. */
const LABEL_WIDTH = { shallow: 252, deep: 182 } as const;
const BEFORE_TILE = 34;
const AFTER_TILE = 76;
const NODE_GAP = 64;
const OUTPUT_WIDTH = 120;
const GRID_PITCH = TILE.width + 12;
/** Fewer edges are a column, however many of the pairs they join. */
const GRID_EDGES = 40;
const GRID_SHARE = 0.5;

export interface PlacedNode extends NetworkNode {
  readonly x: number;
  readonly y: number;
  readonly role: "input" | "hidden" | "output";
}

export interface PlacedEdge extends NetworkEdge {
  readonly from: PlacedNode;
  readonly to: PlacedNode;
  /** Centre of the tile. */
  readonly x: number;
  readonly y: number;
  /** Spread relative to the largest of all edges, 0 to 1. */
  readonly weight: number;
}

export interface Layout {
  /** How many letters of an input's name have room. */
  readonly labelLetters: number;
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
}

interface Ends {
  readonly edge: NetworkEdge;
  readonly source: number;
  readonly target: number;
}

/** Place everything that takes part: inputs without an edge are left out. */
export function layoutNetwork(network: Network): Layout {
  const layers = network.shape.length;
  const gaps = Array.from({ length: layers - 1 }, (_, layer) => endsOfLayer(network.edges, layer));
  const orders = orderLayers(network, gaps);
  const grids = gaps.map((gap, layer) => isGrid(gap, orders[layer] ?? [], orders[layer + 1] ?? []));
  const rows = gaps.map((gap, layer) => (grids[layer] ? (orders[layer]?.length ?? 0) : gap.length));
  const height = Math.max(...rows, ...orders.map((order) => order.length), 3) * PITCH + 2 * MARGIN;
  const columns = columnPositions(grids.map((grid, layer) => (grid ? (orders[layer + 1]?.length ?? 1) : 1)));

  const placed = orders.map((order, layer) => {
    const gap = gaps[layer] ?? [];
    const asTiles = layer === 0 && !grids[0];
    const heights = asTiles ? inputHeights(order, gap, height) : spacedHeights(order.length, height);
    const role = layer === 0 ? "input" : layer === layers - 1 ? "output" : "hidden";
    return new Map(
      order.map((index, rank): [number, PlacedNode] => [
        index,
        { ...nodeAt(network, layer, index), role, x: columns[layer]?.node ?? 0, y: heights[rank] ?? 0 },
      ]),
    );
  });
  const edges = gaps.flatMap((gap, layer) => {
    const ends = { from: placed[layer] ?? new Map(), to: placed[layer + 1] ?? new Map() };
    const sorted = sortTiles(gap, orders[layer] ?? [], orders[layer + 1] ?? []);
    const slots = spacedHeights(sorted.length, height);
    const left = columns[layer]?.tile ?? 0;
    const rank = new Map((orders[layer + 1] ?? []).map((index, position) => [index, position]));
    return placeEdges(sorted, ends, (one, slot) =>
      grids[layer]
        ? { x: left + (rank.get(one.target) ?? 0) * GRID_PITCH, y: ends.from.get(one.source)?.y ?? 0 }
        : { x: left, y: slots[slot] ?? 0 },
    );
  });
  const strongest = Math.max(...edges.map((edge) => edge.spread), Number.MIN_VALUE);
  return {
    labelLetters: layers > 2 ? 21 : 34,
    width: (columns.at(-1)?.node ?? 0) + OUTPUT_WIDTH,
    height,
    nodes: placed.flatMap((layer) => [...layer.values()]),
    edges: edges.map((edge) => ({ ...edge, weight: edge.spread / strongest })),
  };
}

function isGrid(gap: readonly Ends[], sources: readonly number[], targets: readonly number[]): boolean {
  const pairs = sources.length * targets.length;
  return gap.length > GRID_EDGES && targets.length > 1 && gap.length > GRID_SHARE * pairs;
}

type Nodes = ReadonlyMap<number, PlacedNode>;

function placeEdges(
  sorted: readonly Ends[],
  ends: { from: Nodes; to: Nodes },
  place: (one: Ends, slot: number) => { x: number; y: number },
): Omit<PlacedEdge, "weight">[] {
  return sorted.flatMap((one, slot) => {
    const from = ends.from.get(one.source);
    const to = ends.to.get(one.target);
    return from && to ? [{ ...one.edge, from, to, ...place(one, slot) }] : [];
  });
}

function endsOfLayer(edges: readonly NetworkEdge[], layer: number): Ends[] {
  return edges
    .filter((edge) => edge.layer === layer)
    .map((edge) => {
      const [, source, target] = edge.edge.split(".").map(Number);
      return { edge, source: source ?? 0, target: target ?? 0 };
    });
}

/** For each layer the indices of its nodes from top to bottom. */
function orderLayers(network: Network, gaps: readonly Ends[][]): number[][] {
  const outputs = Array.from({ length: network.shape.at(-1) ?? 0 }, (_, index) => index);
  const orders: number[][] = [outputs];
  for (const gap of [...gaps].reverse()) {
    const following = orders[0] ?? [];
    const rank = new Map(following.map((index, position) => [index, position]));
    const sources = new Map<number, { sum: number; edges: number; spread: number }>();
    for (const { edge, source, target } of gap) {
      const entry = sources.get(source) ?? { sum: 0, edges: 0, spread: 0 };
      entry.sum += rank.get(target) ?? 0;
      entry.edges += 1;
      entry.spread += edge.spread;
      sources.set(source, entry);
    }
    const order = [...sources]
      .sort(([, a], [, b]) => a.sum / a.edges - b.sum / b.edges || b.spread - a.spread)
      .map(([index]) => index);
    orders.unshift(order);
  }
  return orders;
}

function sortTiles(gap: readonly Ends[], sources: readonly number[], targets: readonly number[]): Ends[] {
  const from = new Map(sources.map((index, position) => [index, position]));
  const to = new Map(targets.map((index, position) => [index, position]));
  const position = (map: Map<number, number>, index: number): number => map.get(index) ?? 0;
  return [...gap].sort(
    (a, b) =>
      position(from, a.source) - position(from, b.source) || position(to, a.target) - position(to, b.target),
  );
}

/** An input stands at the middle of its own tiles, which lie side by side. */
function inputHeights(order: readonly number[], gap: readonly Ends[], height: number): number[] {
  const slots = spacedHeights(gap.length, height);
  let next = 0;
  return order.map((index) => {
    const own = gap.filter((ends) => ends.source === index).length;
    const first = slots[next] ?? 0;
    const last = slots[next + own - 1] ?? first;
    next += own;
    return (first + last) / 2;
  });
}

function spacedHeights(items: number, height: number): number[] {
  const step = (height - 2 * MARGIN) / items;
  return Array.from({ length: items }, (_, index) => MARGIN + step * (index + 0.5));
}

/** Of each layer where its nodes stand and where the first column of tiles behind it is; `tiles` are columns. */
function columnPositions(tiles: readonly number[]): { node: number; tile: number }[] {
  const columns: { node: number; tile: number }[] = [];
  let x: number = tiles.length > 1 ? LABEL_WIDTH.deep : LABEL_WIDTH.shallow;
  for (const [layer, across] of [...tiles, 1].entries()) {
    const lead = layer === 0 ? BEFORE_TILE : NODE_GAP;
    columns.push({ node: x, tile: x + lead + TILE.width / 2 });
    x += lead + TILE.width + (across - 1) * GRID_PITCH + AFTER_TILE;
  }
  return columns;
}

function nodeAt(network: Network, layer: number, index: number): NetworkNode {
  const found = network.nodes.find((node) => node.layer === layer && node.index === index);
  return found ?? { id: `${layer}.${index}`, layer, index, name: `${layer}.${index}`, unit: null };
}

/** The order in which the keyboard walks the edges: layer by layer, from top to bottom. */
export function walkingOrder(network: Network): NetworkEdge[] {
  const { edges } = layoutNetwork(network);
  return [...edges].sort((a, b) => a.layer - b.layer || a.y - b.y || a.x - b.x);
}
