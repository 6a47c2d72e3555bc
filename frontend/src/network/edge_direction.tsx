// What the business expects of the feature behind an edge, and what is proved about it.
import type { Certificate, EdgeDetail } from "../api/types";
import { StateBadge } from "../components/badge";
import { t, tx } from "../messages";
import { directionFacts } from "./expectations";

interface EdgeDirectionProps {
  detail: EdgeDetail;
  /** Null while the proofs are being made. */
  certificates: readonly Certificate[] | null;
}

export function EdgeDirection({ detail, certificates }: EdgeDirectionProps) {
  if (detail.layer !== 0 || detail.categories.length > 0) return null;
  return (
    <>
      <h3>{t("Direction")}</h3>
      {certificates === null ? (
        <p class="hint">{t("Being proved …")}</p>
      ) : (
        <Facts facts={directionFacts(certificates, detail.source)} />
      )}
    </>
  );
}

function Facts({ facts }: { facts: readonly Certificate[] }) {
  if (facts.length === 0) return <p class="hint">{t("Nothing is proved about the direction of this feature.")}</p>;
  return (
    <ul class="plain directions-list">
      {facts.map((fact) => (
        <li key={fact.output}>
          {fact.expected === null ? (
            <span class="badge">{t("nothing expected")}</span>
          ) : fact.holds === false ? (
            <span class="badge badge-bad">{tx("⚠ contradicts: expected {0}", fact.expected)}</span>
          ) : fact.holds ? (
            <span class="badge badge-good">{tx("✓ as expected: {0}", fact.expected)}</span>
          ) : (
            <span class="badge badge-warn">{tx("? expected {0}, undecided", fact.expected)}</span>
          )}{" "}
          {fact.statement} <StateBadge state={fact.outcome} />
          <span class="block hint">
            {tx("By {0}{1}.", fact.method, fact.reason ? `; ${fact.reason}` : "")}
          </span>
        </li>
      ))}
    </ul>
  );
}
