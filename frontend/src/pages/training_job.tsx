// One training job: where it is, live; its settings; what has become of it.
import { cancelTrainingJob, getTrainingJob, getVersion, retryTrainingJob } from "../api/operations";
import type { Progress, TrainingJob } from "../api/types";
import { LossCurve } from "../charts/loss_curve";
import { ActionButton } from "../components/action_button";
import { StateBadge } from "../components/badge";
import { CancelJob } from "../components/cancel_job";
import { JobError } from "../components/job_error";
import { Loaded } from "../components/loaded";
import { Facts, PageFrame, Section } from "../components/page";
import { ConfigurationFacts } from "../configuration_facts";
import { isFinished, useProgress } from "../job_progress";
import { duration, moment, plural } from "../format";
import { t, tx } from "../messages";
import { useResource, type Resource } from "../resource";
import { address, navigate } from "../router";
import { may } from "../session";

const STAGES: readonly (readonly [Progress["stage"], string])[] = [
  ["data", t("Read the data")],
  ["fit", t("Fit")],
  ["prune", t("Prune")],
  ["refit", t("Refit")],
  ["symbolify", t("Find symbolic forms")],
  ["evaluate", t("Measure on held-out rows")],
];

export function TrainingJobPage({ id }: { id: string }) {
  const job = useResource(id, (signal) => getTrainingJob(id, signal));
  return (
    <PageFrame
      title={job.data?.message || t("Training job")}
      trail={[
        [t("Training jobs"), "/training-jobs"],
        ...(job.data ? [[job.data.model, address`/models/${job.data.model}`] as const] : []),
      ]}
      badges={job.data && <StateBadge state={job.data.state} />}
      actions={<JobAction job={job} />}
    >
      <Loaded resource={job}>{(data) => <JobDetails job={data} onChange={job.reload} />}</Loaded>
    </PageFrame>
  );
}

/** Stops what runs; asks once more for what failed or was stopped. */
function JobAction({ job }: { job: Resource<TrainingJob> }) {
  const { data } = job;
  if (!data) return null;
  if (!isFinished(data)) {
    const cancel = async () => job.replace(await cancelTrainingJob(data.id));
    return <CancelJob job={data} right="cancel_training_job" cancel={cancel} />;
  }
  const mayBegin = data.state !== "succeeded" && data.kind !== "challenge" && may("retry_training_job");
  return mayBegin ? (
    <ActionButton
      text={t("Try the same again")}
      busy={t("Asking…")}
      act={async () => navigate(address`/training-jobs/${(await retryTrainingJob(data.id)).id}`)}
    />
  ) : null;
}

function JobDetails({ job, onChange }: { job: TrainingJob; onChange: () => void }) {
  const history = useProgress(job, onChange);
  return (
    <>
      <JobError job={job} />
      {job.version !== null && (
        <p class="note note-good" role="status">
          {tx(
            "The job has made {0}.",
            <a href={address`/models/${job.model}/versions/${job.version}`}>
            {tx("version {0} of {1}", job.version, job.model)}
          </a>,
          )}
        </p>
      )}
      <div class="card">
        <Facts
          facts={[
            [t("Model"), <a href={address`/models/${job.model}`}>{job.model}</a>],
            ...(job.parent === null ? [] : [[t("Revises"), <Revised job={job} />] as const]),
            [t("Dataset"), <a href={address`/datasets/${job.dataset_id}`}>{t("Open the dataset")}</a>],
            [t("Requested"), `${moment(job.created_at)} by ${job.created_by}`],
            [t("Started"), moment(job.started_at)],
            [t("Finished"), moment(job.finished_at)],
          ]}
        />
      </div>
      <Section title={t("Progress")}>
        {job.version !== null ? (
          <StoredProgress job={job} version={job.version} />
        ) : (
          <JobProgress job={job} history={history} />
        )}
      </Section>
      <Section title={t("Settings")}>
        <div class="card">
          <ConfigurationFacts configuration={job.configuration} />
        </div>
      </Section>
    </>
  );
}

function Revised({ job }: { job: TrainingJob }) {
  return (
    <>
      <a href={address`/models/${job.model}/versions/${job.parent ?? ""}`}>
        {tx("Version {0}", job.parent)}
      </a>:{" "}
      {job.changes.map((change) => ("edge" in change ? `${change.operation} ${change.edge}` : change.operation)).join(", ")}
    </>
  );
}

/** The whole progress as it was stored with the version. */
function StoredProgress({ job, version }: { job: TrainingJob; version: number }) {
  const stored = useResource(`${job.model}/${version}`, (signal) => getVersion(job.model, version, signal));
  return <Loaded resource={stored}>{(data) => <JobProgress job={job} history={data.history} />}</Loaded>;
}

function JobProgress({ job, history }: { job: TrainingJob; history: readonly Progress[] }) {
  return (
    <>
      <Stages job={job} history={history} />
      <LossCurve history={history} />
    </>
  );
}

function Stages({ job, history }: { job: TrainingJob; history: readonly Progress[] }) {
  const latest = history.at(-1) ?? job.progress;
  const position = latest ? STAGES.findIndex(([stage]) => stage === latest.stage) : -1;
  const succeeded = job.state === "succeeded";
  return (
    <ol class="stages" aria-label={t("Stages")}>
      {STAGES.map(([stage, text], index) => {
        const state = succeeded || index < position ? "done" : index === position ? "now" : "ahead";
        const last = history.filter((one) => one.stage === stage && typeof one.seconds === "number").at(-1);
        return (
          <li
            key={stage}
            class={`stage-${state}`}
            {...(state === "now" ? { "aria-current": "step" as const } : {})}
          >
            <span class="stage-text">
              <span aria-hidden="true">{state === "done" ? "✓" : state === "now" ? "◐" : "○"}</span> {text}
            </span>
            <progress
              max={1}
              value={
                state === "done" ? 1 : state === "now" && latest ? latest.step / Math.max(latest.steps, 1) : 0
              }
              aria-label={text}
            />
            {last && <StageNumbers progress={last} isNow={state === "now"} />}
          </li>
        );
      })}
    </ol>
  );
}

/** Where a stage is, or where it ended: a stage rarely takes all the steps that it may. */
function StageNumbers({ progress, isNow }: { progress: Progress; isNow: boolean }) {
  const { step, grid_size: intervals, active_edges: edges, seconds, remaining_seconds: remaining } = progress;
  return (
    <span class="stage-numbers">
      {t("step {0}, {1}", step, plural(edges ?? 0, "edge"))}
      <br />
      {`${plural(intervals ?? 0, "interval")}, ${duration(seconds ?? 0)}`}
      {isNow && remaining ? t(", about {0} left", duration(remaining)) : ""}
    </span>
  );
}
