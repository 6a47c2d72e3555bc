// The network as a picture: inputs on the left, a tile with its curve for every edge, outputs on the right.
// One edge at a time is in the tab order; arrows walk to the others, Enter selects.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import type { Decision, Network } from "../api/types";
import { number } from "../format";
import { layoutNetwork, TILE, type Layout, type PlacedEdge, type PlacedNode } from "./layout";
import { SparklineShape } from "./sparkline";

export type Decisions = ReadonlyMap<string, Decision | null>;

export interface NetworkViewProps {
  network: Network;
  selected: string | null;
  onSelect: (edge: string) => void;
  /** In a review: what has been decided about each edge. */
  decisions?: Decisions | undefined;
}

export function NetworkDiagram({ network, selected, onSelect, decisions }: NetworkViewProps) {
  const layout = useMemo(() => layoutNetwork(network), [network]);
  const [focused, setFocused] = useState<string | null>(null);
  const [hovered, setHovered] = useState<string | null>(null);
  const svg = useRef<SVGSVGElement>(null);
  const entry = focused ?? selected ?? layout.edges[0]?.edge ?? null;
  const marked = hovered ?? focused ?? selected;

  useEffect(() => setFocused(null), [selected]);

  const walk = (event: KeyboardEvent, edge: PlacedEdge): void => {
    const next = neighbour(layout, edge, event.key);
    if (!next) return;
    event.preventDefault();
    setFocused(next.edge);
    svg.current?.querySelector<SVGGElement>(`[data-edge="${next.edge}"]`)?.focus();
  };

  return (
    <svg
      ref={svg}
      class="network"
      viewBox={`0 0 ${layout.width} ${layout.height}`}
      width={layout.width}
      height={layout.height}
      role="group"
      aria-label={`${layout.edges.length} edges: arrow keys walk from one to the next, Enter opens one.`}
    >
      {layout.edges.map((edge) => (
        <EdgeLines key={edge.edge} edge={edge} state={lineState(edge, selected, marked)} />
      ))}
      {layout.nodes.map((node) => (
        <NodeMark key={`${node.layer}.${node.index}`} node={node} letters={layout.labelLetters} />
      ))}
      {layout.edges.map((edge) => (
        <EdgeTile
          key={edge.edge}
          edge={edge}
          decision={decisions && (decisions.get(edge.edge) ?? null)}
          isSelected={edge.edge === selected}
          isEntry={edge.edge === entry}
          onSelect={() => onSelect(edge.edge)}
          onArrow={(event) => walk(event, edge)}
          onFocus={setFocused}
          onHover={setHovered}
        />
      ))}
    </svg>
  );
}

interface EdgeTileProps {
  edge: PlacedEdge;
  /** undefined outside a review, null while nothing is decided. */
  decision: Decision | null | undefined;
  isSelected: boolean;
  /** Whether the Tab key comes here. */
  isEntry: boolean;
  onSelect: () => void;
  onArrow: (event: KeyboardEvent) => void;
  onFocus: (edge: string | null) => void;
  onHover: (edge: string | null) => void;
}

function EdgeTile({
  edge,
  decision,
  isSelected,
  isEntry,
  onSelect,
  onArrow,
  onFocus,
  onHover,
}: EdgeTileProps) {
  const decided = decision === undefined ? "" : `, ${decision ?? "not decided"}`;
  const label = `${edge.from.name} to ${edge.to.name}: ${edge.form}, spread ${number(edge.spread)}${decided}`;
  return (
    <g
      class={`edge form-${edge.form}${isSelected ? " selected" : ""}`}
      data-edge={edge.edge}
      transform={`translate(${edge.x - TILE.width / 2} ${edge.y - TILE.height / 2})`}
      role="button"
      tabIndex={isEntry ? 0 : -1}
      aria-pressed={isSelected}
      aria-label={label}
      onClick={onSelect}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return onArrow(event);
        event.preventDefault();
        onSelect();
      }}
      onFocus={() => onFocus(edge.edge)}
      onBlur={() => onFocus(null)}
      onMouseEnter={() => onHover(edge.edge)}
      onMouseLeave={() => onHover(null)}
    >
      <title>{label}</title>
      <rect class="tile" width={TILE.width} height={TILE.height} rx="5" />
      <SparklineShape curve={edge.sparkline} form={edge.form} width={TILE.width} height={TILE.height} />
      {decision !== undefined && <DecisionMark decision={decision} />}
    </g>
  );
}

type LineState = "plain" | "strong" | "faint";

function lineState(edge: PlacedEdge, selected: string | null, marked: string | null): LineState {
  if (edge.edge === selected || edge.edge === marked) return "strong";
  return marked === null ? "plain" : "faint";
}

/** Two strokes, node to tile and tile to node; their width is the spread, their dashes are the form. */
function EdgeLines({ edge, state }: { edge: PlacedEdge; state: LineState }) {
  const left = edge.x - TILE.width / 2;
  const right = edge.x + TILE.width / 2;
  const start = edge.from.x + (edge.from.role === "hidden" ? 9 : 5);
  const end = edge.to.x - (edge.to.role === "output" ? 8 : 9);
  return (
    <g class={`lines form-${edge.form} ${state}`} stroke-width={1 + 5 * edge.weight} aria-hidden="true">
      <path d={curvePath(start, edge.from.y, left, edge.y)} />
      <path d={curvePath(right, edge.y, end, edge.to.y)} />
    </g>
  );
}

function curvePath(x1: number, y1: number, x2: number, y2: number): string {
  const middle = (x1 + x2) / 2;
  return `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`;
}

function NodeMark({ node, letters }: { node: PlacedNode; letters: number }) {
  if (node.role === "input") {
    return (
      <g class="node node-input" transform={`translate(${node.x} ${node.y})`}>
        <circle r="5" />
        <text x="-12" text-anchor="end" dy={node.unit ? "-0.1em" : "0.35em"}>
          <title>{node.name}</title>
          {clip(node.name, letters)}
        </text>
        {node.unit && (
          <text class="unit" x="-12" text-anchor="end" dy="1.05em">
            {clip(node.unit, letters)}
          </text>
        )}
      </g>
    );
  }
  if (node.role === "hidden") {
    return (
      <g class="node node-hidden" transform={`translate(${node.x} ${node.y})`}>
        <circle r="9" />
        <text y="-15" text-anchor="middle">
          {node.name}
        </text>
      </g>
    );
  }
  return (
    <g class="node node-output" transform={`translate(${node.x} ${node.y})`}>
      <circle r="8" />
      <text x="15" dy={node.unit ? "-0.1em" : "0.35em"}>
        <title>{node.name}</title>
        {clip(node.name, 15)}
      </text>
      {node.unit && (
        <text class="unit" x="15" dy="1.05em">
          {clip(node.unit, 16)}
        </text>
      )}
    </g>
  );
}

/** A corner mark whose shape says the decision: tick, cross, empty ring. */
function DecisionMark({ decision }: { decision: Decision | null }) {
  return (
    <g
      class={`decision decision-${decision ?? "open"}`}
      transform={`translate(${TILE.width - 1} 1)`}
      aria-hidden="true"
    >
      <circle r="7.5" />
      {decision === "accepted" && <path d="M-3.4 0.2L-1 2.8L3.6 -2.6" />}
      {decision === "rejected" && <path d="M-2.8 -2.8L2.8 2.8M2.8 -2.8L-2.8 2.8" />}
    </g>
  );
}

function clip(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/** The edge that an arrow key leads to, null when it leads nowhere. */
function neighbour(layout: Layout, edge: PlacedEdge, key: string): PlacedEdge | null {
  const column = (layer: number): PlacedEdge[] =>
    layout.edges.filter((other) => other.layer === layer).sort((a, b) => a.y - b.y);
  const own = column(edge.layer);
  const position = own.indexOf(edge);
  const closest = (others: PlacedEdge[]): PlacedEdge | null =>
    others.reduce<PlacedEdge | null>(
      (best, other) => (!best || Math.abs(other.y - edge.y) < Math.abs(best.y - edge.y) ? other : best),
      null,
    );
  switch (key) {
    case "ArrowDown":
      return own[position + 1] ?? null;
    case "ArrowUp":
      return own[position - 1] ?? null;
    case "Home":
      return own[0] ?? null;
    case "End":
      return own.at(-1) ?? null;
    case "ArrowRight":
      return closest(column(edge.layer + 1));
    case "ArrowLeft":
      return closest(column(edge.layer - 1));
    default:
      return null;
  }
}
