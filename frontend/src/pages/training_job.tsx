// One training job: where it is, live; its settings; what has become of it.
import { useEffect, useState } from "preact/hooks";

import { cancelTrainingJob, getTrainingJob, getVersion, streamTrainingJobEvents } from "../api/operations";
import type { Progress, TrainingJob } from "../api/types";
import { LossCurve } from "../charts/loss_curve";
import { StateBadge } from "../components/badge";
import { Loaded } from "../components/loaded";
import { Facts, PageFrame, Section } from "../components/page";
import { ProblemNote } from "../components/problem";
import { ConfigurationFacts } from "../configuration_facts";
import { duration, moment, plural } from "../format";
import { useAction, useResource, type Resource } from "../resource";
import { address } from "../router";
import { may } from "../session";

const STAGES: readonly (readonly [Progress["stage"], string])[] = [
  ["data", "Read the data"],
  ["fit", "Fit"],
  ["prune", "Prune"],
  ["refit", "Refit"],
  ["symbolify", "Find symbolic forms"],
  ["evaluate", "Measure on held-out rows"],
];

const isFinished = (job: TrainingJob): boolean => !["queued", "running"].includes(job.state);

export function TrainingJobPage({ id }: { id: string }) {
  const job = useResource(id, (signal) => getTrainingJob(id, signal));
  return (
    <PageFrame
      title={job.data?.message || "Training job"}
      trail={[
        ["Training jobs", "/training-jobs"],
        ...(job.data ? [[job.data.model, address`/models/${job.data.model}`] as const] : []),
      ]}
      badges={job.data && <StateBadge state={job.data.state} />}
      actions={
        job.data && !isFinished(job.data) && may("cancel_training_job") && <CancelButton job={job} id={id} />
      }
    >
      <Loaded resource={job}>{(data) => <JobDetails job={data} onChange={job.reload} />}</Loaded>
    </PageFrame>
  );
}

function CancelButton({ job, id }: { job: Resource<TrainingJob>; id: string }) {
  const cancel = useAction(async () => {
    job.replace(await cancelTrainingJob(id));
  });
  return (
    <>
      <button type="button" class="button danger" disabled={cancel.busy} onClick={() => void cancel.run()}>
        {cancel.busy ? "Cancelling…" : "Cancel the job"}
      </button>
      {cancel.problem && <ProblemNote problem={cancel.problem} />}
    </>
  );
}

function JobDetails({ job, onChange }: { job: TrainingJob; onChange: () => void }) {
  const history = useProgress(job, onChange);
  return (
    <>
      {job.error && (
        <div class="note note-bad" role="alert">
          <p class="note-title">{job.error.detail}</p>
          <p class="note-meta">
            <code>{job.error.code}</code>
          </p>
        </div>
      )}
      {job.version !== null && (
        <p class="note note-good" role="status">
          The job has made{" "}
          <a href={address`/models/${job.model}/versions/${job.version}`}>
            version {job.version} of {job.model}
          </a>
          .
        </p>
      )}
      <div class="card">
        <Facts
          facts={[
            ["Model", <a href={address`/models/${job.model}`}>{job.model}</a>],
            ...(job.parent === null ? [] : [["Revises", <Revised job={job} />] as const]),
            ["Dataset", <a href={address`/datasets/${job.dataset_id}`}>Open the dataset</a>],
            ["Requested", `${moment(job.created_at)} by ${job.created_by}`],
            ["Started", moment(job.started_at)],
            ["Finished", moment(job.finished_at)],
          ]}
        />
      </div>
      <Section title="Progress">
        {job.version !== null ? (
          <StoredProgress job={job} version={job.version} />
        ) : (
          <JobProgress job={job} history={history} />
        )}
      </Section>
      <Section title="Settings">
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
      <a href={address`/models/${job.model}/versions/${job.parent ?? ""}`}>Version {job.parent}</a>:{" "}
      {job.changes.map((change) => ("edge" in change ? `${change.operation} ${change.edge}` : change.operation)).join(", ")}
    </>
  );
}

/** The progress of a running job as it happens; tells when the job's state has changed. */
function useProgress(job: TrainingJob, onChange: () => void): readonly Progress[] {
  const [history, setHistory] = useState<Progress[]>([]);
  const running = !isFinished(job);
  useEffect(() => {
    if (!running) return undefined;
    setHistory([]);
    return streamTrainingJobEvents(job.id, {
      progress: (event) => setHistory((old) => [...old, (event as { data: Progress }).data]),
      state: onChange,
      end: onChange,
    });
  }, [job.id, running]);
  return history;
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
    <ol class="stages" aria-label="Stages">
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
      {`step ${step}, ${plural(edges ?? 0, "edge")}`}
      <br />
      {`${plural(intervals ?? 0, "interval")}, ${duration(seconds ?? 0)}`}
      {isNow && remaining ? `, about ${duration(remaining)} left` : ""}
    </span>
  );
}
