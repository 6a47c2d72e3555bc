// Training jobs as rows, on the page of a model and on the page of all jobs.
import type { TrainingJob } from "./api/types";
import { StateBadge } from "./components/badge";
import { Table, type Column } from "./components/table";
import { moment } from "./format";
import { address } from "./router";

const MODEL: Column<TrainingJob> = {
  title: "Model",
  cell: (job) => <a href={address`/models/${job.model}`}>{job.model}</a>,
};

const COLUMNS: readonly Column<TrainingJob>[] = [
  {
    title: "Job",
    cell: (job) => (
      <a class="strong" href={address`/training-jobs/${job.id}`}>
        {job.message || "Training"}
      </a>
    ),
  },
  { title: "State", cell: (job) => <StateBadge state={job.state} /> },
  {
    title: "Result",
    cell: (job) =>
      job.version !== null ? (
        <a href={address`/models/${job.model}/versions/${job.version}`}>Version {job.version}</a>
      ) : (
        (job.error?.detail ?? "–")
      ),
  },
  { title: "Requested", cell: (job) => moment(job.created_at) },
  { title: "By", cell: (job) => job.created_by },
];

export function TrainingJobTable({
  jobs,
  withModel = false,
}: {
  jobs: readonly TrainingJob[];
  withModel?: boolean;
}) {
  const columns = withModel ? [...COLUMNS.slice(0, 1), MODEL, ...COLUMNS.slice(1)] : COLUMNS;
  return <Table caption="Training jobs" columns={columns} rows={jobs} rowKey={(job) => job.id} />;
}
