// Why a job has failed, in the server's words.
import type { TrainingJob } from "../api/types";

export function JobError({ job }: { job: TrainingJob }) {
  if (!job.error) return null;
  return (
    <div class="note note-bad" role="alert">
      <p class="note-title">{job.error.detail}</p>
      <p class="note-meta">
        <code>{job.error.code}</code>
      </p>
    </div>
  );
}
