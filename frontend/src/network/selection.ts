// Which edges of a network are shown, and which stand out: weak ones hidden, a search, the paths through one place.
import type { Network, NetworkEdge } from "../api/types";

/** The network without the edges whose spread is below this share of the strongest one's. */
export function withoutWeak(network: Network, share: number): Network {
  if (share <= 0) return network;
  const strongest = Math.max(...network.edges.map((edge) => edge.spread), 0);
  return { ...network, edges: network.edges.filter((edge) => edge.spread >= share * strongest) };
}

/** The edges that a search finds: by the name of an end, by the name of the edge, by its form. */
export function found(network: Network, text: string): ReadonlySet<string> {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const told = (edge: NetworkEdge): string =>
    `${edge.edge} ${edge.source} ${edge.target} ${edge.form}`.toLowerCase();
  const matching = network.edges.filter((edge) => words.every((word) => told(edge).includes(word)));
  return new Set(matching.map((edge) => edge.edge));
}

interface Ends {
  readonly layer: number;
  readonly source: number;
  readonly target: number;
}

function ends(edge: string): Ends | null {
  const parts = edge.split(".").map(Number);
  const [layer, source, target] = parts;
  if (parts.length !== 3 || layer === undefined || source === undefined || target === undefined) return null;
  return parts.every((part) => Number.isInteger(part) && part >= 0) ? { layer, source, target } : null;
}

/** All edges on a path through an edge (`layer.source.target`) or a node (`layer.index`); null if there is no such place. */
export function pathsThrough(network: Network, place: string): ReadonlySet<string> | null {
  const joined = network.edges.flatMap((edge) => {
    const parts = ends(edge.edge);
    return parts ? [{ name: edge.edge, ...parts }] : [];
  });
  const middle = joined.find((edge) => edge.name === place);
  if (!middle && !network.nodes.some((node) => node.id === place)) return null;
  const [layer = 0, index = 0] = place.split(".").map(Number);
  const start = middle ? { layer: middle.layer, index: middle.source } : { layer, index };
  const end = middle ? { layer: middle.layer + 1, index: middle.target } : { layer, index };
  const taken = new Set(middle ? [middle.name] : []);
  let reached = new Set([end.index]);
  for (let next = end.layer; reached.size > 0; next += 1) {
    const leaving = joined.filter((edge) => edge.layer === next && reached.has(edge.source));
    for (const edge of leaving) taken.add(edge.name);
    reached = new Set(leaving.map((edge) => edge.target));
  }
  reached = new Set([start.index]);
  for (let next = start.layer - 1; next >= 0 && reached.size > 0; next -= 1) {
    const coming = joined.filter((edge) => edge.layer === next && reached.has(edge.target));
    for (const edge of coming) taken.add(edge.name);
    reached = new Set(coming.map((edge) => edge.source));
  }
  return taken;
}

/** What both have, where null means everything. */
export function both(
  one: ReadonlySet<string> | null,
  other: ReadonlySet<string> | null,
): ReadonlySet<string> | null {
  if (!one || !other) return one ?? other;
  return new Set([...one].filter((name) => other.has(name)));
}
