// Stops a job that has not ended, for whoever may.
import type { TrainingJob } from "../api/types";
import { isFinished } from "../job_progress";
import { t } from "../messages";
import { may } from "../session";
import { ActionButton } from "./action_button";

export function CancelJob({
  job,
  right,
  cancel,
}: {
  job: TrainingJob | undefined;
  right: Parameters<typeof may>[0];
  cancel: () => Promise<unknown>;
}) {
  if (!job || isFinished(job) || !may(right)) return null;
  return <ActionButton tone="danger" text={t("Cancel the job")} busy={t("Cancelling…")} act={cancel} />;
}
