// A job of any kind while it runs.
import { useEffect, useState } from "preact/hooks";

import { streamTrainingJobEvents } from "./api/operations";
import type { Progress, TrainingJob } from "./api/types";

export const isFinished = (job: TrainingJob): boolean => !["queued", "running"].includes(job.state);

/** The progress of a running job as it happens; tells when the job's state has changed. */
export function useProgress(job: TrainingJob, onChange: () => void): readonly Progress[] {
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
