// All sweeps, newest first.
import { listSweeps } from "../api/operations";
import type { SweepSummary } from "../api/types";
import { LoadedPages } from "../components/loaded";
import { PageFrame } from "../components/page";
import { Table, type Column } from "../components/table";
import { moment } from "../format";
import { JobCounts } from "../job_counts";
import { t } from "../messages";
import { usePages } from "../resource";
import { address } from "../router";

const COLUMNS: readonly Column<SweepSummary>[] = [
  {
    title: t("Sweep"),
    cell: (sweep) => (
      <a class="strong" href={address`/sweeps/${sweep.id}`}>
        {sweep.message || t("Sweep")}
      </a>
    ),
  },
  { title: t("Model"), cell: (sweep) => <a href={address`/models/${sweep.model}`}>{sweep.model}</a> },
  { title: t("Jobs"), cell: (sweep) => <JobCounts jobs={sweep.jobs} /> },
  { title: t("Requested"), cell: (sweep) => moment(sweep.created_at) },
  { title: t("By"), cell: (sweep) => sweep.created_by },
];

export function SweepsPage() {
  const sweeps = usePages("sweeps", (cursor, signal) => listSweeps(null, cursor, signal));
  return (
    <PageFrame
      title={t("Sweeps")}
      lead={t("Many trainings at once, to choose the smallest version that is good enough.")}
      trail={[[t("Training jobs"), "/training-jobs"]]}
    >
      <LoadedPages pages={sweeps} empty={<p>{t("No sweep was started yet. A developer starts one on a model's page.")}</p>}>
        {(items) => <Table caption={t("Sweeps")} columns={COLUMNS} rows={items} rowKey={(sweep) => sweep.id} />}
      </LoadedPages>
    </PageFrame>
  );
}
