// Where to look first: the strongest edge, and those that go against what is expected of their feature.
import type { Certificate, Network, NetworkEdge } from "../api/types";
import { number } from "../format";
import { t } from "../messages";

interface HighlightsProps {
  network: Network;
  against: ReadonlyMap<string, Certificate> | null;
  onSelect: (edge: string) => void;
}

export function Highlights({ network, against, onSelect }: HighlightsProps) {
  const strongest = network.edges.reduce<NetworkEdge | null>(
    (best, edge) => (!best || edge.spread > best.spread ? edge : best),
    null,
  );
  if (!strongest) return null;
  const contrary = network.edges.filter((edge) => against?.has(edge.edge));
  return (
    <ul class="highlights" aria-label={t("Where to look first")}>
      <li>
        <span class="hint">{t("Strongest")}</span>
        <Look edge={strongest} onSelect={onSelect} more={`spread ${number(strongest.spread, 3)}`} />
      </li>
      <li>
        <span class="hint">{t("Against expectation")}</span>
        {against === null ? (
          <span class="hint">{t("being proved …")}</span>
        ) : contrary.length === 0 ? (
          <span>{t("none")}</span>
        ) : (
          contrary.map((edge) => (
            <Look key={edge.edge} edge={edge} onSelect={onSelect} more={`should be ${against.get(edge.edge)?.expected}`} isBad />
          ))
        )}
      </li>
    </ul>
  );
}

interface LookProps {
  edge: NetworkEdge;
  more: string;
  isBad?: boolean;
  onSelect: (edge: string) => void;
}

function Look({ edge, more, isBad = false, onSelect }: LookProps) {
  return (
    <button type="button" class={isBad ? "chip chip-bad" : "chip"} onClick={() => onSelect(edge.edge)}>
      {isBad && <span aria-hidden="true">⚠ </span>}
      {edge.source} → {edge.target}, {more}
    </button>
  );
}
