// One scoring job: how far it is, live; what came out of it, as a file.
import { cancelScoringJob, getScoringJob, scoringResultAddress } from "../api/in_use";
import type { ScoringJob, ScoringResult } from "../api/types";
import { StateBadge } from "../components/badge";
import { CancelJob } from "../components/cancel_job";
import { Digest } from "../components/digest";
import { JobError } from "../components/job_error";
import { Loaded } from "../components/loaded";
import { Facts, PageFrame, Section } from "../components/page";
import { RowsProgress } from "../components/rows_progress";
import { bytes, count, moment } from "../format";
import { isFinished, useProgress } from "../job_progress";
import { t } from "../messages";
import { useResource } from "../resource";
import { address } from "../router";

export function ScoringJobPage({ id }: { id: string }) {
  const scoring = useResource(id, (signal) => getScoringJob(id, signal));
  const job = scoring.data?.job;
  return (
    <PageFrame
      title={t("Scoring job")}
      trail={[[t("Models"), "/models"], ...(job ? [[job.model, address`/models/${job.model}`] as const] : [])]}
      badges={job && <StateBadge state={job.state} />}
      actions={
        <CancelJob job={job} right="cancel_scoring_job" cancel={async () => scoring.replace(await cancelScoringJob(id))} />
      }
    >
      <Loaded resource={scoring}>{(data) => <Details scoring={data} onChange={scoring.reload} />}</Loaded>
    </PageFrame>
  );
}

function Details({ scoring, onChange }: { scoring: ScoringJob; onChange: () => void }) {
  const { job, version, explain, source_digest, result } = scoring;
  const latest = useProgress(job, onChange).at(-1) ?? job.progress;
  return (
    <>
      <JobError job={job} />
      <div class="card">
        <Facts
          facts={[
            [t("Version"), <a href={address`/models/${job.model}/versions/${version}`}>{t("{0}, version {1}", job.model, version)}</a>],
            [t("Table"), <Digest digest={source_digest} label={t("digest of the table")} />],
            [t("Explained"), explain],
            [t("Requested"), `${moment(job.created_at)} by ${job.created_by}`],
            [t("Started"), moment(job.started_at)],
            [t("Finished"), moment(job.finished_at)],
          ]}
        />
      </div>
      {!isFinished(job) && (
        <RowsProgress
          latest={latest}
          label={t("Rows answered")}
          said={(percent) => t("{0} % of the rows are answered.", percent)}
        />
      )}
      {result && <Result id={job.id} result={result} />}
    </>
  );
}

function Result({ id, result }: { id: string; result: ScoringResult }) {
  return (
    <Section
      title={t("Result")}
      actions={
        <>
          <a class="button primary" href={scoringResultAddress(id, "parquet")} download>
            {t("Download as Parquet")}
          </a>
          <a class="button" href={scoringResultAddress(id, "arrow")} download>{t("Download as Arrow")}</a>
        </>
      }
    >
      <div class="card">
        <Facts
          facts={[
            [t("Rows"), count(result.rows)],
            [t("Rows that could not be answered"), count(result.refused)],
            [t("Size"), bytes(result.bytes)],
            [t("Digest of the result"), <Digest digest={result.digest} label={t("digest of the result")} />],
          ]}
        />
      </div>
      {result.refused > 0 && (
        <p class="note note-warn">
          {t("The column `error` of the file says why a row could not be answered.")}
        </p>
      )}
    </Section>
  );
}
