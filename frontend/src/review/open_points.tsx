// What still stands between a review and its end, each with the way to it.
import type { Network, Review } from "../api/types";
import { plural } from "../format";
import { t, tx } from "../messages";

/** More edges than this are counted instead of named. */
const NAMED = 6;

interface OpenPointsProps {
  review: Review;
  network: Network;
  onSelect: (edge: string) => void;
}

export function OpenPoints({ review, network, onSelect }: OpenPointsProps) {
  if (review.state !== "open") return null;
  const names = new Map(network.edges.map((edge) => [edge.edge, `${edge.source} → ${edge.target}`]));
  const undecided = review.edges.filter((edge) => edge.decision === null);
  const rejected = review.edges.filter((edge) => edge.decision === "rejected");
  const missing = Math.max(review.quorum - review.signatures.length, 0);
  return (
    <div class="card open-points">
      <h3>{t("What is missing")}</h3>
      <ul class="plain">
        {undecided.length === 0 ? (
          <li>{t("Every edge is decided.")}</li>
        ) : (
          <li>
            {tx(
              "{0} without a decision: {1}{2}",
              plural(undecided.length, "edge"),
              undecided.slice(0, NAMED).map((edge) => (
              <button type="button" class="chip" key={edge.edge} onClick={() => onSelect(edge.edge)}>
                {names.get(edge.edge) ?? edge.edge}
              </button>
            )),
              undecided.length > NAMED && t(" and {0} more", undecided.length - NAMED),
            )}
          </li>
        )}
        {rejected.length > 0 && (
          <li>
            {tx(
              "{0} rejected: the version can be rejected or sent back, not approved.",
              plural(rejected.length, "edge"),
            )}
          </li>
        )}
        <li>
          {missing === 0 ? t("All signatures are there.") : t("{0} missing of {1}.", plural(missing, "signature"), review.quorum)}
        </li>
      </ul>
    </div>
  );
}
