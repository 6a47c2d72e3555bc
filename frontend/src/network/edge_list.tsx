// The same network as a list: the picture's table twin, and its form on a narrow screen.
import { number, signed } from "../format";
import { FormBadge, StateBadge } from "../components/badge";
import { t, tx } from "../messages";
import type { NetworkViewProps } from "./diagram";
import { walkingOrder } from "./layout";
import { Sparkline } from "./sparkline";

export function EdgeList({ network, selected, onSelect, decisions, lit, flow, against }: NetworkViewProps) {
  const largest = Math.max(...network.edges.map((edge) => edge.spread), Number.MIN_VALUE);
  const unit = new Map(network.nodes.map((node) => [node.name, node.unit]));
  return (
    <ul class="edge-list">
      {walkingOrder(network).map((edge) => {
        if (lit && !lit.has(edge.edge)) return null;
        const contribution = flow?.edges.get(edge.edge)?.contribution;
        const decision = decisions?.get(edge.edge);
        return (
          <li key={edge.edge}>
            <button
              type="button"
              class={edge.edge === selected ? "edge-row selected" : "edge-row"}
              aria-pressed={edge.edge === selected}
              data-edge={edge.edge}
              onClick={() => onSelect(edge.edge)}
            >
              <Sparkline curve={edge.sparkline} form={edge.form} />
              <span class="edge-row-text">
                <span class="edge-row-name">
                  {edge.source} → {edge.target}
                </span>
                <span class="edge-row-meta">
                  {unit.get(edge.source) && <span>{unit.get(edge.source)}</span>}
                  <span>{tx("spread {0}", number(edge.spread, 3))}</span>
                  {contribution !== undefined && <strong>{tx("contributes {0}", signed(contribution))}</strong>}
                </span>
                <svg class="spread-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
                  <rect class="spread-rest" width="100" height="4" />
                  <rect
                    class={`spread-part form-${edge.form}`}
                    width={(100 * edge.spread) / largest}
                    height="4"
                  />
                </svg>
              </span>
              <span class="edge-row-badges">
                <FormBadge form={edge.form} />
                {against?.has(edge.edge) && <span class="badge badge-bad">{t("⚠ against expectation")}</span>}
                {decision && <StateBadge state={decision} />}
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
