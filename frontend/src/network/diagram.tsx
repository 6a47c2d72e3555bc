// The network as a picture: inputs on the left, a tile with its curve for every edge, outputs on the right.
// One place at a time is in the tab order; arrows walk to the others, Enter opens an edge or the paths of a node.
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";

import type { Decision, Network } from "../api/types";
import { t } from "../messages";
import { CameraControl } from "./camera_control";
import { DiagramTools } from "./diagram_tools";
import type { Flow } from "./flow";
import { layoutNetwork, TILE, type Layout } from "./layout";
import { EdgeLines, EdgeTile, NodeMark } from "./marks";
import { nextPlace } from "./walk";

export type Decisions = ReadonlyMap<string, Decision | null>;

export interface NetworkViewProps {
  network: Network;
  selected: string | null;
  onSelect: (edge: string) => void;
  /** In a review: what has been decided about each edge. */
  decisions?: Decisions | undefined;
  /** The edges that stand out; null when all do. */
  lit: ReadonlySet<string> | null;
  /** The edge or node whose paths stand out. */
  focus: string | null;
  onFocus: (place: string | null) => void;
  flow: Flow | null;
  /** The edges that go against what is expected; null while that is not known. */
  against: ReadonlyMap<string, unknown> | null;
}

/** From so many edges on, lines are drawn lighter. */
const MANY = 120;

export function NetworkDiagram(props: NetworkViewProps) {
  const layout = useMemo(() => layoutNetwork(props.network), [props.network]);
  const frame = useRef<HTMLDivElement>(null);
  const layer = useRef<HTMLDivElement>(null);
  const camera = useCamera(frame, layer, layout);
  const marks = useMarks(layout, props);
  const events = usePlaces(layout, props, camera);
  const edges = layout.edges.length;

  useEffect(() => events.settle(), [props.selected, layout]);

  return (
    <div class="diagram">
      <DiagramTools camera={camera} />
      <div ref={frame} class="network-frame" tabIndex={0} role="region" aria-label={t("Diagram: drag or arrow keys move it")}>
        <div ref={layer} class="network-layer">
          <svg
            class={["network", edges > MANY && "dense", props.flow && "lit"].filter(Boolean).join(" ")}
            viewBox={`0 0 ${layout.width} ${layout.height}`}
            width={layout.width}
            height={layout.height}
            role="group"
            aria-label={t(
              "{0} edges: arrow keys walk over edges and nodes, Enter opens one, f shows its paths.",
              edges,
            )}
            ref={events.svg}
            {...events.handlers}
          >
            {marks}
          </svg>
        </div>
      </div>
    </div>
  );
}

type Camera = { readonly current: CameraControl | null };

type Element = { readonly current: HTMLDivElement | null };

function useCamera(frame: Element, layer: Element, layout: Layout): Camera {
  const control = useRef<CameraControl | null>(null);
  useLayoutEffect(() => {
    if (!frame.current || !layer.current) return undefined;
    control.current = new CameraControl(frame.current, layer.current, layout);
    return () => control.current?.end();
  }, []);
  useLayoutEffect(() => control.current?.change(layout), [layout]);
  return control;
}

/** Everything that is drawn, kept as it is until something of it changes: a movement never comes here. */
function useMarks(layout: Layout, { selected, decisions, lit, focus, flow, against }: NetworkViewProps) {
  const entry = layout.edges.some((edge) => edge.edge === selected) ? selected : layout.edges[0]?.edge;
  const isFaint = (edge: string): boolean => lit !== null && !lit.has(edge);
  return useMemo(
    () => [
      ...layout.edges.map((edge) => (
        <EdgeLines
          key={`l${edge.edge}`}
          edge={edge}
          flow={flow}
          isStrong={edge.edge === selected}
          isFaint={isFaint(edge.edge)}
        />
      )),
      ...layout.nodes.map((node) => (
        <NodeMark
          key={`n${node.id}`}
          node={node}
          letters={layout.labelLetters}
          value={node.role === "input" ? flow?.values.get(node.name) : undefined}
          isFocus={node.id === focus}
        />
      )),
      ...layout.edges.map((edge) => (
        <EdgeTile
          key={`t${edge.edge}`}
          edge={edge}
          decision={decisions && (decisions.get(edge.edge) ?? null)}
          flow={flow}
          isAgainst={against?.has(edge.edge) ?? false}
          isSelected={edge.edge === selected}
          isFaint={isFaint(edge.edge)}
          isEntry={edge.edge === entry}
        />
      )),
    ],
    [layout, selected, decisions, lit, focus, flow, against],
  );
}

const tooltip = document.createElementNS("http://www.w3.org/2000/svg", "title");

/** The one tooltip of the picture goes where the pointer is: hundreds of them would be hundreds of elements. */
function explain(element: SVGElement | null): void {
  tooltip.textContent = element?.getAttribute("aria-label") ?? "";
  if (element && tooltip.parentNode !== element) element.prepend(tooltip);
  else if (!element) tooltip.remove();
}

const PLACES = "[data-edge], [data-node]";

/** One set of listeners for all places. Marks and tab order are written to the elements: no component is asked. */
function usePlaces(layout: Layout, { onSelect, onFocus, focus, selected }: NetworkViewProps, camera: Camera) {
  const svg = useRef<SVGSVGElement>(null);
  const placeOf = (event: Event): string | null => {
    const element = event.target instanceof Element ? event.target.closest<SVGElement>(PLACES) : null;
    return element?.dataset["edge"] ?? element?.dataset["node"] ?? null;
  };
  const open = (place: string): void => {
    if (layout.edges.some((edge) => edge.edge === place)) onSelect(place);
    else onFocus(place === focus ? null : place);
  };
  const mark = (place: string | null): void => {
    const root = svg.current;
    if (!root) return;
    root.querySelector(".marked")?.classList.remove("marked");
    const line = place === null ? null : root.querySelector(`[data-line="${place}"]`);
    line?.classList.add("marked");
    // Dimming all the others would draw a large picture anew at every step of the pointer.
    root.classList.toggle("has-mark", line !== null && layout.edges.length <= MANY);
    explain(place === null ? null : root.querySelector(`[data-edge="${place}"], [data-node="${place}"]`));
  };
  const go = (place: string): void => {
    const element = svg.current?.querySelector<SVGElement>(`[data-edge="${place}"], [data-node="${place}"]`);
    element?.focus({ preventScroll: true });
  };
  const settle = (): void => {
    mark(null);
    const entry = layout.edges.some((edge) => edge.edge === selected) ? selected : layout.edges[0]?.edge;
    for (const one of svg.current?.querySelectorAll('[tabindex="0"]') ?? []) one.setAttribute("tabindex", "-1");
    svg.current?.querySelector(`[data-edge="${entry}"]`)?.setAttribute("tabindex", "0");
  };
  const handlers = {
    onClick: (event: MouseEvent) => {
      const place = placeOf(event);
      if (place) open(place);
    },
    onKeyDown: (event: KeyboardEvent) => {
      const place = placeOf(event);
      if (!place || event.ctrlKey || event.metaKey || event.altKey) return;
      const next = nextPlace(layout, place, event.key);
      if (next) go(next);
      else if (event.key === "Enter" || event.key === " ") open(place);
      else if (event.key === "f") onFocus(place === focus ? null : place);
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
    onFocusIn: (event: FocusEvent) => {
      const place = placeOf(event);
      const target = event.target as SVGElement;
      if (!place) return;
      for (const one of svg.current?.querySelectorAll('[tabindex="0"]') ?? []) one.setAttribute("tabindex", "-1");
      target.setAttribute("tabindex", "0");
      mark(place);
      const at = layout.edges.find((edge) => edge.edge === place) ?? layout.nodes.find((node) => node.id === place);
      if (at && target.matches(":focus-visible")) camera.current?.reveal(at, TILE);
    },
    onFocusOut: () => mark(null),
    onMouseOver: (event: MouseEvent) => mark(placeOf(event)),
    onMouseLeave: () => mark(null),
  };
  return { svg, handlers, settle };
}
