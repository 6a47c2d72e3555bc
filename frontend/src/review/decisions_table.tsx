// All edges of a review with what was decided, by whom and why: the sheet that is printed.
import type { Network, Review, ReviewEdge } from "../api/types";
import { FormBadge, StateBadge } from "../components/badge";
import { Table } from "../components/table";
import { moment, number } from "../format";
import { t } from "../messages";

interface DecisionsTableProps {
  review: Review;
  network: Network;
  onSelect: (edge: string) => void;
}

export function DecisionsTable({ review, network, onSelect }: DecisionsTableProps) {
  const edges = new Map(network.edges.map((edge) => [edge.edge, edge]));
  const name = (row: ReviewEdge): string => {
    const edge = edges.get(row.edge);
    return edge ? `${edge.source} → ${edge.target}` : row.edge;
  };
  return (
    <Table
      caption={t("Decisions")}
      rows={review.edges}
      rowKey={(row) => row.edge}
      columns={[
        {
          title: t("Edge"),
          cell: (row) => (
            <button type="button" class="pair" onClick={() => onSelect(row.edge)}>
              {name(row)}
            </button>
          ),
        },
        {
          title: t("Form"),
          cell: (row) => {
            const form = edges.get(row.edge)?.form;
            return form ? <FormBadge form={form} /> : "–";
          },
        },
        { title: t("Spread"), numeric: true, cell: (row) => number(edges.get(row.edge)?.spread) },
        { title: t("Decision"), cell: (row) => (row.decision ? <StateBadge state={row.decision} /> : t("not decided")) },
        { title: t("By"), cell: (row) => (row.decided_by ? `${row.decided_by}, ${moment(row.decided_at)}` : "–") },
        { title: t("Comment"), cell: (row) => row.comment || "–" },
      ]}
    />
  );
}
