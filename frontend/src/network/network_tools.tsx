// What is shown of a network: a search, the weak edges hidden, the paths through one place. All of it is in the address.
import { useEffect, useId, useState } from "preact/hooks";

import type { Network } from "../api/types";
import { plural } from "../format";
import { t, tx } from "../messages";
import { currentLocation, setQuery } from "../router";

const PATIENCE = 250;
/** Percent of the strongest spread. */
const WEAKEST_LIMIT = 50;

/** A field of the address: what is typed counts at once, the address follows when nobody types any more. */
export function useQueryField(name: string): readonly [string, (value: string) => void] {
  const stored = currentLocation.value.query.get(name) ?? "";
  const [typed, setTyped] = useState<string | null>(null);
  useEffect(() => {
    if (typed === null) return undefined;
    const timer = setTimeout(() => {
      setQuery({ [name]: typed || null });
      setTyped(null);
    }, PATIENCE);
    return () => clearTimeout(timer);
  }, [typed]);
  return [typed ?? stored, setTyped];
}

interface NetworkToolsProps {
  all: Network;
  shown: number;
  search: readonly [string, (value: string) => void];
  /** How many edges the search finds; null without one. */
  matches: number | null;
  weak: readonly [string, (value: string) => void];
  focus: string | null;
}

export function NetworkTools({ all, shown, search, matches, weak, focus }: NetworkToolsProps) {
  const [text, setText] = search;
  const [limit, setLimit] = weak;
  const searchId = useId();
  const weakId = useId();
  const hidden = all.edges.length - shown;
  return (
    <div class="network-tools">
      <label class="tool" for={searchId}>
        <span>{t("Find")}</span>
        <input
          id={searchId}
          type="search"
          value={text}
          placeholder={t("feature, edge or form")}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <label class="tool" for={weakId}>
        <span>{t("Hide weak edges")}</span>
        <input
          id={weakId}
          type="range"
          min="0"
          max={WEAKEST_LIMIT}
          step="0.5"
          value={limit || "0"}
          aria-valuetext={`below ${limit || 0} % of the strongest: ${hidden} hidden`}
          onInput={(event) => setLimit(event.currentTarget.value === "0" ? "" : event.currentTarget.value)}
        />
      </label>
      <p class="tool-state hint" role="status">
        {hidden > 0 && t("{0} below {1} % of the strongest hidden. ", plural(hidden, "edge"), limit)}
        {matches !== null && `${plural(matches, "edge")} found. `}
      </p>
      {focus && (
        <button type="button" class="chip" onClick={() => setQuery({ focus: null })}>
          {tx(
            "Paths through {0} {1}{2}",
            nameOf(all, focus),
            <span aria-hidden="true">✕</span>,
            <span class="visually-hidden">{t(": show everything again")}</span>,
          )}
        </button>
      )}
    </div>
  );
}

function nameOf(network: Network, place: string): string {
  const edge = network.edges.find((one) => one.edge === place);
  if (edge) return `${edge.source} → ${edge.target}`;
  return network.nodes.find((node) => node.id === place)?.name ?? place;
}
