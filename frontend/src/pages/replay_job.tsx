// One bulk replay: which decision records are computed again, how far it is, live, and what came out.
import { cancelReplayJob, getReplayJob } from "../api/in_use";
import type { ReplayJob, ReplayResult } from "../api/types";
import { StateBadge } from "../components/badge";
import { CancelJob } from "../components/cancel_job";
import { JobError } from "../components/job_error";
import { Loaded } from "../components/loaded";
import { Facts, PageFrame, Section } from "../components/page";
import { RowsProgress } from "../components/rows_progress";
import { count, moment } from "../format";
import { isFinished, useProgress } from "../job_progress";
import { t } from "../messages";
import { useResource } from "../resource";
import { address } from "../router";

export function ReplayJobPage({ id }: { id: string }) {
  const replay = useResource(id, (signal) => getReplayJob(id, signal));
  const job = replay.data?.job;
  return (
    <PageFrame
      title={t("Replay job")}
      lead={t("Decision records are computed again from their stored artifacts, and every bit is compared.")}
      trail={[[t("Decisions"), "/predictions"]]}
      badges={job && <StateBadge state={job.state} />}
      actions={
        <CancelJob job={job} right="cancel_replay_job" cancel={async () => replay.replace(await cancelReplayJob(id))} />
      }
    >
      <Loaded resource={replay}>{(data) => <Details replay={data} onChange={replay.reload} />}</Loaded>
    </PageFrame>
  );
}

function Details({ replay, onChange }: { replay: ReplayJob; onChange: () => void }) {
  const { job, search, result } = replay;
  const latest = useProgress(job, onChange).at(-1) ?? job.progress;
  return (
    <>
      <JobError job={job} />
      <div class="card">
        <Facts
          facts={[
            [t("Model"), <a href={address`/models/${job.model}`}>{job.model}</a>],
            [t("Version"), search.version ?? t("all versions")],
            [t("Asked by"), search.caller ?? t("everybody")],
            [t("Outcome"), search.outcome ?? t("any")],
            [t("From"), moment(search.since)],
            [t("Before"), moment(search.until)],
            [t("Requested"), `${moment(job.created_at)} by ${job.created_by}`],
            [t("Finished"), moment(job.finished_at)],
          ]}
        />
      </div>
      {!isFinished(job) && (
        <RowsProgress
          latest={latest}
          label={t("Records replayed")}
          said={(percent) => t("{0} % of the records are replayed.", percent)}
        />
      )}
      {result && <Result result={result} />}
    </>
  );
}

function Result({ result }: { result: ReplayResult }) {
  return (
    <Section title={t("Result")}>
      <p class={result.different > 0 ? "note note-bad" : "note note-good"}>
        {result.different > 0
          ? t("{0} of {1} records came out differently.", count(result.different), count(result.replayed))
          : result.replayed > 0
            ? t("All {0} records came out with the same bits.", count(result.replayed))
            : t("No record matched.")}
      </p>
      {result.different_ids.length > 0 && (
        <ul aria-label={t("Records that came out differently")}>
          {result.different_ids.map((id) => (
            <li key={id}>
              <a href={address`/predictions/${id}`}>
                <code>{id}</code>
              </a>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
