// The queue of reviews: what waits, and what was decided.
import { listReviews } from "../api/operations";
import type { Review, ReviewState } from "../api/types";
import { StateBadge } from "../components/badge";
import { LoadedPages } from "../components/loaded";
import { PageFrame } from "../components/page";
import { Table, type Column } from "../components/table";
import { moment } from "../format";
import { usePages } from "../resource";
import { address, currentLocation, setQuery } from "../router";

const FILTERS: readonly (readonly [ReviewState | "all", string])[] = [
  ["open", "Open"],
  ["approved", "Approved"],
  ["rejected", "Rejected"],
  ["all", "All"],
];

const COLUMNS: readonly Column<Review>[] = [
  {
    title: "Review",
    cell: (review) => (
      <a class="strong" href={address`/reviews/${review.id}`}>
        {review.model}, version {review.version}
      </a>
    ),
  },
  { title: "State", cell: (review) => <StateBadge state={review.state} /> },
  { title: "Summary", cell: (review) => <span class="clamp">{review.summary}</span> },
  {
    title: "Edges decided",
    numeric: true,
    cell: (review) => `${review.edges.filter((edge) => edge.decision).length} of ${review.edges.length}`,
  },
  { title: "Signatures", numeric: true, cell: (review) => `${review.signatures.length} of ${review.quorum}` },
  {
    title: "Submitted",
    cell: (review) => (
      <>
        {moment(review.submitted_at)}
        <span class="block hint">{review.submitted_by}</span>
      </>
    ),
  },
];

export function ReviewsPage() {
  const wanted = currentLocation.value.query.get("state") ?? "open";
  const state = FILTERS.some(([name]) => name === wanted) ? (wanted as ReviewState | "all") : "open";
  const reviews = usePages(state, (cursor, signal) =>
    listReviews(state === "all" ? null : state, cursor, signal),
  );
  return (
    <PageFrame
      title="Reviews"
      lead="Versions that an independent person looks at, edge by edge, before they may be used."
    >
      <div class="segmented" role="group" aria-label="Show reviews">
        {FILTERS.map(([name, text]) => (
          <button
            type="button"
            key={name}
            aria-pressed={name === state}
            onClick={() => setQuery({ state: name })}
          >
            {text}
          </button>
        ))}
      </div>
      <LoadedPages
        pages={reviews}
        empty={<p>{state === "open" ? "Nothing waits for a review." : "There is no such review."}</p>}
      >
        {(items) => <Table caption="Reviews" columns={COLUMNS} rows={items} rowKey={(review) => review.id} />}
      </LoadedPages>
    </PageFrame>
  );
}
