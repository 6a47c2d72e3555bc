// What a review looks at first: what changed since the last approval, and which gates are open.
import { listReviewGates } from "../api/operations";
import type { Review } from "../api/types";
import { Loaded } from "../components/loaded";
import { Section } from "../components/page";
import { Table } from "../components/table";
import { useResource } from "../resource";

export function Gates({ review }: { review: Review }) {
  const gates = useResource(`${review.id}/${review.decisions_digest}`, (signal) =>
    listReviewGates(review.id, signal),
  );
  return (
    <Section title="Gates">
      <Loaded resource={gates} rows={2}>
        {({ items }) => (
          <ul class="plain">
            {items.map((gate) => (
              <li key={gate.gate}>
                <strong>
                  {gate.is_passed ? "✓" : "✕"} {gate.gate}
                </strong>
                : {gate.is_passed ? "passed" : "not passed"}. {gate.reason}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Section>
  );
}

export function Changes({ review }: { review: Review }) {
  if (review.compared_with === null) return null;
  return (
    <Section title={`Changes since version ${review.compared_with}`}>
      <Table
        caption="Changes since the last approval"
        rows={review.changes}
        rowKey={(row) => row.what}
        columns={[
          { title: "What", cell: (row) => row.what },
          { title: "Before", cell: (row) => row.before ?? "–" },
          { title: "Now", cell: (row) => row.after ?? "–" },
        ]}
      />
    </Section>
  );
}
