// What the picture of a network is put together from: nodes, tiles with curves, and the lines between them.
import type { Decision } from "../api/types";
import { number, signed } from "../format";
import { t } from "../messages";
import { pointOnCurve, sense, type Flow } from "./flow";
import { TILE, type PlacedEdge, type PlacedNode } from "./layout";
import { SparklineShape, placeOnTile } from "./sparkline";

const WIDEST_FLOW = 10;

interface TileProps {
  edge: PlacedEdge;
  /** undefined outside a review, null while nothing is decided. */
  decision: Decision | null | undefined;
  flow: Flow | null;
  isAgainst: boolean;
  isSelected: boolean;
  isFaint: boolean;
  /** Whether the Tab key comes here. */
  isEntry: boolean;
}

export function EdgeTile({ edge, decision, flow, isAgainst, isSelected, isFaint, isEntry }: TileProps) {
  const told = flow?.edges.get(edge.edge);
  const decided = decision === undefined ? "" : `, ${decision ?? t("not decided")}`;
  const contributed = told ? t(", contributes {0}", signed(told.contribution)) : "";
  const contrary = isAgainst ? t(", against what is expected") : "";
  const label =
    t("{0} to {1}: {2}, spread {3}", edge.source, edge.target, edge.form, number(edge.spread)) + contrary + decided + contributed;
  const states = [isSelected && "selected", isAgainst && "against", isFaint && "faint", decision && `decided-${decision}`];
  const point = told && pointOnCurve(edge.sparkline, edge.domain, told.input);
  const place = `translate(${edge.x - TILE.width / 2} ${edge.y - TILE.height / 2})`;
  return (
    <>
      <g
        class={["edge", `form-${edge.form}`, ...states.filter(Boolean)].join(" ")}
        data-edge={edge.edge}
        transform={place}
        role="button"
        tabindex={isEntry ? 0 : -1}
        aria-pressed={isSelected}
        aria-label={label}
      >
        <rect class="tile" width={TILE.width} height={TILE.height} rx="5" />
        <SparklineShape curve={edge.sparkline} form={edge.form} width={TILE.width} height={TILE.height} />
        {point && <circle class="here" r="3.6" {...placeOnTile(point)} />}
        {isAgainst && <path class="warning" d="M-2 3L6 -10L14 3Z M6 -6V-2.2M6 0.2V0.8" aria-hidden="true" />}
        {decision !== undefined && <DecisionMark decision={decision} />}
      </g>
      {told && (
        <text
          class={`share ${sense(told.contribution)}`}
          transform={place}
          x={TILE.width + 4}
          y={TILE.height / 2 - 6}
          aria-hidden="true"
        >
          {signed(told.contribution, 2)}
        </text>
      )}
    </>
  );
}

interface LinesProps {
  edge: PlacedEdge;
  flow: Flow | null;
  isStrong: boolean;
  isFaint: boolean;
}

/** One stroke in two parts, node to tile and tile to node; their width is the spread, or what the edge contributed. */
export function EdgeLines({ edge, flow, isStrong, isFaint }: LinesProps) {
  const contribution = flow?.edges.get(edge.edge)?.contribution ?? 0;
  const left = edge.x - TILE.width / 2;
  const right = edge.x + TILE.width / 2;
  const begin = edge.from.x + (edge.from.role === "hidden" ? 9 : 5);
  const end = edge.to.x - (edge.to.role === "output" ? 8 : 9);
  const width = flow ? 0.6 + (WIDEST_FLOW * Math.abs(contribution)) / flow.largest : 1 + 5 * edge.weight;
  const state = isStrong ? "strong" : isFaint ? "faint" : "plain";
  const kind = flow ? sense(contribution) : `form-${edge.form}`;
  return (
    <path
      class={`line ${kind} ${state}`}
      data-line={edge.edge}
      stroke-width={width.toFixed(2)}
      d={curvePath(begin, edge.from.y, left, edge.y) + curvePath(right, edge.y, end, edge.to.y)}
      aria-hidden="true"
    />
  );
}

function curvePath(x1: number, y1: number, x2: number, y2: number): string {
  const middle = (x1 + x2) / 2;
  const [from, to] = [y1.toFixed(1), y2.toFixed(1)];
  return `M${x1} ${from}C${middle} ${from} ${middle} ${to} ${x2} ${to}`;
}

interface NodeProps {
  node: PlacedNode;
  letters: number;
  /** The value of a feature in the row that is shown. */
  value: string | undefined;
  isFocus: boolean;
}

const NODE = {
  input: { radius: 5, x: -12, anchor: "end" },
  hidden: { radius: 9, x: 0, anchor: "middle" },
  output: { radius: 8, x: 15, anchor: "start" },
} as const;

export function NodeMark({ node, letters, value, isFocus }: NodeProps) {
  const { radius, x, anchor } = NODE[node.role];
  const room = node.role === "input" ? letters : 15;
  const below = [value, node.unit].filter(Boolean).join(" ");
  const label = `${node.name}${below ? `, ${below}` : ""}: ${node.role}`;
  const isAbove = node.role === "hidden";
  const place = `translate(${node.x} ${node.y})`;
  return (
    <>
      <g
        class={`node node-${node.role}${isFocus ? " focus" : ""}`}
        data-node={node.id}
        transform={place}
        role="button"
        tabindex={-1}
        aria-pressed={isFocus}
        aria-label={label}
      >
        <circle r={radius} />
      </g>
      <g class={`node-name node-${node.role}`} data-node={node.id} transform={place} aria-hidden="true">
        <text x={x} y={isAbove ? -15 : 0} text-anchor={anchor} dy={isAbove ? 0 : below ? "-0.1em" : "0.35em"}>
          {clip(node.name, room)}
        </text>
        {below && !isAbove && (
          <text class="unit" x={x} text-anchor={anchor} dy="1.05em">
            {clip(below, room)}
          </text>
        )}
      </g>
    </>
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
