// Where an arrow key leads from an edge or a node of the picture.
import type { Layout, PlacedEdge, PlacedNode } from "./layout";

/** A place of the picture that can have the focus: the id of an edge or of a node. */
export type Place = string;

const SAME = 0.5;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The place that a key leads to; null when it leads nowhere. */
export function nextPlace(layout: Layout, place: Place, key: string): Place | null {
  const edge = layout.edges.find((one) => one.edge === place);
  if (edge) return fromEdge(layout, edge, key);
  const node = layout.nodes.find((one) => one.id === place);
  return node ? fromNode(layout, node, key) : null;
}

function fromEdge(layout: Layout, edge: PlacedEdge, key: string): Place | null {
  const own = layout.edges.filter((other) => other.layer === edge.layer);
  const column = own.filter((other) => Math.abs(other.x - edge.x) < SAME);
  const row = own.filter((other) => Math.abs(other.y - edge.y) < SAME);
  switch (key) {
    case "ArrowLeft":
      return nearest(row, (other) => edge.x - other.x)?.edge ?? edge.from.id;
    case "ArrowRight":
      return nearest(row, (other) => other.x - edge.x)?.edge ?? edge.to.id;
    default:
      return along(column, edge, key)?.edge ?? null;
  }
}

function fromNode(layout: Layout, node: PlacedNode, key: string): Place | null {
  switch (key) {
    case "ArrowLeft":
      return strongest(layout.edges.filter((edge) => edge.to.id === node.id))?.edge ?? null;
    case "ArrowRight":
      return strongest(layout.edges.filter((edge) => edge.from.id === node.id))?.edge ?? null;
    default:
      return along(layout.nodes.filter((other) => other.layer === node.layer), node, key)?.id ?? null;
  }
}

function along<Item extends Point>(column: readonly Item[], here: Point, key: string): Item | null {
  switch (key) {
    case "ArrowUp":
      return nearest(column, (other) => here.y - other.y);
    case "ArrowDown":
      return nearest(column, (other) => other.y - here.y);
    case "Home":
      return nearest(column, (other) => other.y + 1);
    case "End":
      return nearest(column, (other) => 1 / (other.y + 1));
    default:
      return null;
  }
}

/** The item with the smallest distance above zero. */
function nearest<Item>(items: readonly Item[], distance: (item: Item) => number): Item | null {
  return items.reduce<Item | null>(
    (best, item) => (distance(item) > 0 && (!best || distance(item) < distance(best)) ? item : best),
    null,
  );
}

function strongest(edges: readonly PlacedEdge[]): PlacedEdge | null {
  return edges.reduce<PlacedEdge | null>((best, edge) => (!best || edge.weight > best.weight ? edge : best), null);
}
