// The queue of reviews: what waits, and what was decided.
import { listReviews } from "../api/operations";
import type { Review, ReviewState } from "../api/types";
import { StateBadge } from "../components/badge";
import { LoadedPages } from "../components/loaded";
import { PageFrame } from "../components/page";
import { Table, type Column } from "../components/table";
import { moment } from "../format";
import { t, tx } from "../messages";
import { usePages } from "../resource";
import { address, currentLocation, setQuery } from "../router";

const FILTERS: readonly (readonly [ReviewState | "all", string])[] = [
  ["open", t("Open")],
  ["approved", t("Approved")],
  ["rejected", t("Rejected")],
  ["all", t("All")],
];

const COLUMNS: readonly Column<Review>[] = [
  {
    title: t("Review"),
    cell: (review) => (
      <a class="strong" href={address`/reviews/${review.id}`}>
        {tx("{0}, version {1}", review.model, review.version)}
      </a>
    ),
  },
  { title: t("State"), cell: (review) => <StateBadge state={review.state} /> },
  { title: t("Summary"), cell: (review) => <span class="clamp">{review.summary}</span> },
  {
    title: t("Edges decided"),
    numeric: true,
    cell: (review) => `${review.edges.filter((edge) => edge.decision).length} of ${review.edges.length}`,
  },
  { title: t("Signatures"), numeric: true, cell: (review) => `${review.signatures.length} of ${review.quorum}` },
  {
    title: t("Submitted"),
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
      title={t("Reviews")}
      lead={t("Versions that an independent person looks at, edge by edge, before they may be used.")}
    >
      <div class="segmented" role="group" aria-label={t("Show reviews")}>
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
        empty={<p>{state === "open" ? t("Nothing waits for a review.") : t("There is no such review.")}</p>}
      >
        {(items) => <Table caption={t("Reviews")} columns={COLUMNS} rows={items} rowKey={(review) => review.id} />}
      </LoadedPages>
    </PageFrame>
  );
}
