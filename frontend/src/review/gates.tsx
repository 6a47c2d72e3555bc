// What a review looks at first: what changed since the last approval, and which gates are open.
import { listReviewGates } from "../api/operations";
import type { Review } from "../api/types";
import { Loaded } from "../components/loaded";
import { Section } from "../components/page";
import { Table } from "../components/table";
import { t } from "../messages";
import { useResource } from "../resource";

export function Gates({ review }: { review: Review }) {
  const gates = useResource(`${review.id}/${review.decisions_digest}`, (signal) =>
    listReviewGates(review.id, signal),
  );
  return (
    <Section title={t("Gates")}>
      <Loaded resource={gates} rows={2}>
        {({ items }) => (
          <ul class="plain">
            {items.map((gate) => (
              <li key={gate.gate}>
                <strong>
                  {gate.is_passed ? "✓" : "✕"} {gate.gate}
                </strong>
                : {gate.is_passed ? "passed" : t("not passed")}. {gate.reason}
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
    <Section title={t("Changes since version {0}", review.compared_with)}>
      <Table
        caption={t("Changes since the last approval")}
        rows={review.changes}
        rowKey={(row) => row.what}
        columns={[
          { title: t("What"), cell: (row) => row.what },
          { title: t("Before"), cell: (row) => row.before ?? "–" },
          { title: t("Now"), cell: (row) => row.after ?? "–" },
        ]}
      />
    </Section>
  );
}
