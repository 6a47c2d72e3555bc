// What still stands between a review and its end, each with the way to it.
import type { Network, Review } from "../api/types";
import { plural } from "../format";

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
      <h3>What is missing</h3>
      <ul class="plain">
        {undecided.length === 0 ? (
          <li>Every edge is decided.</li>
        ) : (
          <li>
            {plural(undecided.length, "edge")} without a decision:{" "}
            {undecided.slice(0, NAMED).map((edge) => (
              <button type="button" class="chip" key={edge.edge} onClick={() => onSelect(edge.edge)}>
                {names.get(edge.edge) ?? edge.edge}
              </button>
            ))}
            {undecided.length > NAMED && ` and ${undecided.length - NAMED} more`}
          </li>
        )}
        {rejected.length > 0 && (
          <li>{plural(rejected.length, "edge")} rejected: the version can be rejected or sent back, not approved.</li>
        )}
        <li>
          {missing === 0 ? "All signatures are there." : `${plural(missing, "signature")} missing of ${review.quorum}.`}
        </li>
      </ul>
    </div>
  );
}
