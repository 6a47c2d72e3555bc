import { listTrainingJobs } from "../api/operations";
import { LoadedPages } from "../components/loaded";
import { PageFrame } from "../components/page";
import { t } from "../messages";
import { usePages } from "../resource";
import { TrainingJobTable } from "../training_job_table";
import { Workers } from "../workers";

export function TrainingJobsPage() {
  const jobs = usePages("training-jobs", (cursor, signal) => listTrainingJobs(null, cursor, signal));
  return (
    <PageFrame
      title={t("Training jobs")}
      lead={t("What is being trained, what waits, and what has become of the rest.")}
      actions={
        <>
          <a class="button" href="/sweeps">{t("Sweeps")}</a>
          <button type="button" class="button" onClick={jobs.reload} disabled={jobs.loading}>
            {t("Reload")}
          </button>
        </>
      }
    >
      <LoadedPages
        pages={jobs}
        empty={<p>{t("Nothing has been trained yet. A developer starts a job on a model's page.")}</p>}
      >
        {(items) => <TrainingJobTable jobs={items} withModel />}
      </LoadedPages>
      <Workers />
    </PageFrame>
  );
}
