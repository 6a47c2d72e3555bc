// What the business expects of the feature behind an edge, and what is proved about it.
import type { Certificate, EdgeDetail } from "../api/types";
import { StateBadge } from "../components/badge";
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
      <h3>Direction</h3>
      {certificates === null ? (
        <p class="hint">Being proved …</p>
      ) : (
        <Facts facts={directionFacts(certificates, detail.source)} />
      )}
    </>
  );
}

function Facts({ facts }: { facts: readonly Certificate[] }) {
  if (facts.length === 0) return <p class="hint">Nothing is proved about the direction of this feature.</p>;
  return (
    <ul class="plain directions-list">
      {facts.map((fact) => (
        <li key={fact.output}>
          {fact.expected === null ? (
            <span class="badge">nothing expected</span>
          ) : fact.holds === false ? (
            <span class="badge badge-bad">⚠ contradicts: expected {fact.expected}</span>
          ) : fact.holds ? (
            <span class="badge badge-good">✓ as expected: {fact.expected}</span>
          ) : (
            <span class="badge badge-warn">? expected {fact.expected}, undecided</span>
          )}{" "}
          {fact.statement} <StateBadge state={fact.outcome} />
          <span class="block hint">
            By {fact.method}
            {fact.reason ? `; ${fact.reason}` : ""}.
          </span>
        </li>
      ))}
    </ul>
  );
}
