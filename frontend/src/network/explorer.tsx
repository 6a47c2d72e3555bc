// Picture or list on one side, the selected edge on the other; the address holds what is shown.
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";

import { getVersionCertificates } from "../api/operations";
import type { Certificate, Network } from "../api/types";
import { plural } from "../format";
import { t, tx } from "../messages";
import { useResource } from "../resource";
import { currentLocation, setQuery } from "../router";
import { may } from "../session";
import { NetworkDiagram, type Decisions } from "./diagram";
import { EdgeList } from "./edge_list";
import { EdgePanel, type Earlier } from "./edge_panel";
import { contradictions } from "./expectations";
import { FlowChoice, useFlow } from "./flow_banner";
import { Highlights } from "./highlights";
import { FlowLegend, Legend } from "./legend";
import { NetworkTools, useQueryField } from "./network_tools";
import { both, found, pathsThrough, withoutWeak } from "./selection";

interface ExplorerProps {
  model: string;
  version: number;
  network: Network;
  decisions?: Decisions | undefined;
  /** What the edges are compared with. */
  earlier?: Earlier | null;
  /** Shown in the panel of the selected edge. */
  decide?: ((edge: string) => ComponentChildren) | undefined;
  /** Shown over the picture: the edge beside another version. */
  beside?: ComponentChildren;
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

export function NetworkExplorer(props: ExplorerProps) {
  const { model, version, network, decisions, earlier = null, decide, beside, revise } = props;
  const narrow = useNarrow();
  const selected = selectedEdge(network);
  const proofs = useResource(`${model}/${version}`, (signal) => getVersionCertificates(model, version, signal));
  const certificates = proofs.data?.certificates ?? null;

  useEffect(() => {
    // On a narrow screen the panel lies below the list, so it is brought into sight.
    if (narrow && selected) document.querySelector(".edge-panel")?.scrollIntoView({ block: "start" });
  }, [narrow, selected]);

  return (
    <div class="explorer">
      <NetworkViews
        {...{ model, version, network, decisions, selected, beside }}
        certificates={certificates}
        isNarrow={narrow}
      />
      {selected ? (
        <EdgePanel
          model={model}
          version={version}
          edge={selected}
          certificates={certificates}
          earlier={earlier}
          revision={revise?.(selected)}
          onClose={() => selectEdge(null)}
        >
          {decide?.(selected)}
        </EdgePanel>
      ) : (
        <aside class="edge-panel edge-panel-empty" aria-label={t("Edge")}>
          <p>{t("Select an edge to see its shape function, its formula and its numbers.")}</p>
          <p class="hint">
            {tx(
              "With the keyboard: Tab into the network, arrow keys to walk, Enter to open, {0} for the paths through it.",
              <kbd>f</kbd>,
            )}
          </p>
        </aside>
      )}
    </div>
  );
}

interface ViewsProps extends Pick<ExplorerProps, "model" | "version" | "network" | "decisions" | "beside"> {
  selected: string | null;
  certificates: readonly Certificate[] | null;
  isNarrow: boolean;
}

function NetworkViews(props: ViewsProps) {
  const { model, version, network, decisions, selected, beside, certificates, isNarrow } = props;
  const { query } = currentLocation.value;
  const view = query.get("view") ?? (isNarrow ? "list" : "diagram");
  const search = useQueryField("find");
  const weak = useQueryField("weak");
  const focus = query.get("focus");
  const visible = useMemo(() => withoutWeak(network, Number(weak[0]) / 100), [network, weak[0]]);
  const matching = useMemo(() => (search[0].trim() ? found(visible, search[0]) : null), [visible, search[0]]);
  const lit = useMemo(
    () => both(matching, focus ? pathsThrough(network, focus) : null),
    [matching, network, focus],
  );
  const against = useMemo(() => certificates && contradictions(network, certificates), [network, certificates]);
  const flowId = query.get("flow");
  const { banner, flow } = useFlow(model, version, flowId);
  const shown = {
    ...{ network: visible, selected, decisions, lit, focus, flow, against, onSelect: selectEdge },
    onFocus: (place: string | null) => setQuery({ focus: place }),
  };
  return (
    <div class="explorer-main">
      {beside}
      <Highlights network={network} against={against} onSelect={selectEdge} />
      <div class="explorer-bar">
        {flow ? <FlowLegend /> : <Legend network={network} review={decisions !== undefined} />}
        <ViewChoice view={view} />
      </div>
      <NetworkTools
        {...{ all: network, shown: visible.edges.length, search, weak, focus }}
        matches={matching?.size ?? null}
      />
      {banner}
      {network.edges.length === 0 ? (
        <div class="empty">{t("Every edge was pruned: this version answers with a constant.")}</div>
      ) : view === "list" ? (
        <EdgeList {...shown} />
      ) : (
        <NetworkDiagram {...shown} />
      )}
      <p class="hint">
        {tx(
          "{0} {1} of {2} before pruning. Ctrl and wheel, or a pinch, zooms.",
          flow
          ? t("Line weight: what each edge contributed to this answer, on the link scale.")
          : t("Line weight: {0}", network.spread_meaning),
          plural(network.edges.length, t("active edge")),
          network.edges_before_pruning,
        )}
      </p>
      {!flowId && may("list_predictions") && <FlowOffer model={model} version={version} />}
    </div>
  );
}

function FlowOffer({ model, version }: { model: string; version: number }) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t("Light up a prediction")}</summary>
      {open && <FlowChoice model={model} version={version} />}
    </details>
  );
}

function ViewChoice({ view }: { view: string }) {
  return (
    <div class="segmented" role="group" aria-label={t("Show the network as")}>
      {(["diagram", "list"] as const).map((name) => (
        <button type="button" key={name} aria-pressed={view === name} onClick={() => setQuery({ view: name })}>
          {name === "diagram" ? t("Diagram") : t("List")}
        </button>
      ))}
    </div>
  );
}
