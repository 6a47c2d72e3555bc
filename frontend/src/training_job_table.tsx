// Training jobs as rows, on the page of a model and on the page of all jobs.
import type { TrainingJob } from "./api/types";
import { StateBadge } from "./components/badge";
import { Table, type Column } from "./components/table";
import { moment } from "./format";
import { t, tx } from "./messages";
import { address } from "./router";

const MODEL: Column<TrainingJob> = {
  title: t("Model"),
  cell: (job) => <a href={address`/models/${job.model}`}>{job.model}</a>,
};

/** Where a job of its kind is shown. */
function pageOf(job: TrainingJob): string {
  if (job.kind === "score") return address`/scoring-jobs/${job.id}`;
  return job.kind === "replay" ? address`/replay-jobs/${job.id}` : address`/training-jobs/${job.id}`;
}

const COLUMNS: readonly Column<TrainingJob>[] = [
  {
    title: t("Job"),
    cell: (job) => (
      <a class="strong" href={pageOf(job)}>
        {job.message || t("Training")}
      </a>
    ),
  },
  { title: t("State"), cell: (job) => <StateBadge state={job.state} /> },
  {
    title: t("Result"),
    cell: (job) =>
      job.version !== null ? (
        <a href={address`/models/${job.model}/versions/${job.version}`}>{tx("Version {0}", job.version)}</a>
      ) : job.kind === "score" && job.state === "succeeded" ? (
        <a href={pageOf(job)}>{t("Table of scores")}</a>
      ) : job.kind === "replay" && job.state === "succeeded" ? (
        <a href={pageOf(job)}>{t("Comparison of bits")}</a>
      ) : (
        (job.error?.detail ?? "–")
      ),
  },
  { title: t("Requested"), cell: (job) => moment(job.created_at) },
  { title: t("By"), cell: (job) => job.created_by },
];

export function TrainingJobTable({
  jobs,
  withModel = false,
}: {
  jobs: readonly TrainingJob[];
  withModel?: boolean;
}) {
  const columns = withModel ? [...COLUMNS.slice(0, 1), MODEL, ...COLUMNS.slice(1)] : COLUMNS;
  return <Table caption={t("Training jobs")} columns={columns} rows={jobs} rowKey={(job) => job.id} />;
}
