// Picture or list on one side, the selected edge on the other; the address holds what is shown.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

import type { Network } from "../api/types";
import { plural } from "../format";
import { currentLocation, setQuery } from "../router";
import { NetworkDiagram, type Decisions, type NetworkViewProps } from "./diagram";
import { EdgeList } from "./edge_list";
import { EdgePanel } from "./edge_panel";

interface ExplorerProps {
  model: string;
  version: number;
  network: Network;
  decisions?: Decisions | undefined;
  /** Shown in the panel of the selected edge. */
  decide?: ((edge: string) => ComponentChildren) | undefined;
  /** Where the version may be changed: what changes the selected edge. */
  revise?: ((edge: string) => ComponentChildren) | undefined;
}

const narrowScreen = matchMedia("(max-width: 760px)");

/** The edge that the address selects, if the network has it. */
export function selectedEdge(network: Network): string | null {
  const edge = currentLocation.value.query.get("edge");
  return network.edges.some((other) => other.edge === edge) ? edge : null;
}

/** Select an edge, or none. */
export function selectEdge(edge: string | null): void {
  setQuery({ edge, change: null, form: null });
}

function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(narrowScreen.matches);
  useEffect(() => {
    const follow = (event: MediaQueryListEvent): void => setNarrow(event.matches);
    narrowScreen.addEventListener("change", follow);
    return () => narrowScreen.removeEventListener("change", follow);
  }, []);
  return narrow;
}

export function NetworkExplorer({ model, version, network, decisions, decide, revise }: ExplorerProps) {
  const narrow = useNarrow();
  const selected = selectedEdge(network);
  const shown = { network, selected, onSelect: selectEdge, decisions };

  useEffect(() => {
    // On a narrow screen the panel lies below the list, so it is brought into sight.
    if (narrow && selected) document.querySelector(".edge-panel")?.scrollIntoView({ block: "start" });
  }, [narrow, selected]);

  return (
    <div class="explorer">
      <NetworkViews {...shown} isNarrow={narrow} />
      {selected ? (
        <EdgePanel
          model={model}
          version={version}
          edge={selected}
          revision={revise?.(selected)}
          onClose={() => selectEdge(null)}
        >
          {decide?.(selected)}
        </EdgePanel>
      ) : (
        <aside class="edge-panel edge-panel-empty" aria-label="Edge">
          <p>Select an edge to see its shape function, its formula and its numbers.</p>
          <p class="hint">With the keyboard: Tab into the network, arrow keys to walk, Enter to open.</p>
        </aside>
      )}
    </div>
  );
}

function NetworkViews({ isNarrow, ...shown }: NetworkViewProps & { isNarrow: boolean }) {
  const { network, decisions } = shown;
  const view = currentLocation.value.query.get("view") ?? (isNarrow ? "list" : "diagram");
  return (
    <div class="explorer-main">
      <div class="explorer-bar">
        <Legend network={network} review={decisions !== undefined} />
        <div class="segmented" role="group" aria-label="Show the network as">
          {(["diagram", "list"] as const).map((name) => (
            <button
              type="button"
              key={name}
              aria-pressed={view === name}
              onClick={() => setQuery({ view: name })}
            >
              {name === "diagram" ? "Diagram" : "List"}
            </button>
          ))}
        </div>
      </div>
      {network.edges.length === 0 ? (
        <div class="empty">Every edge was pruned: this version answers with a constant.</div>
      ) : view === "list" ? (
        <EdgeList {...shown} />
      ) : (
        <div class="network-frame" tabIndex={0} role="region" aria-label="Diagram, scrolls sideways">
          <NetworkDiagram {...shown} />
        </div>
      )}
      <p class="hint">
        Line weight: {network.spread_meaning} {plural(network.edges.length, "active edge")} of{" "}
        {network.edges_before_pruning} before pruning.
      </p>
    </div>
  );
}

function Legend({ network, review }: { network: Network; review: boolean }) {
  const forms = (["symbolic", "spline", "table"] as const).filter((form) =>
    network.edges.some((edge) => edge.form === form),
  );
  return (
    <ul class="legend" aria-label="Legend">
      {forms.map((form) => (
        <li key={form} class={`lines form-${form}`}>
          <svg width="34" height="10" viewBox="0 0 34 10" aria-hidden="true">
            <path d="M1 5H33" stroke-width="3" />
          </svg>
          {form} ({network.edges.filter((edge) => edge.form === form).length})
        </li>
      ))}
      {review && (
        <>
          <li class="legend-good">✓ accepted</li>
          <li class="legend-bad">✕ rejected</li>
          <li>○ not decided</li>
        </>
      )}
    </ul>
  );
}
