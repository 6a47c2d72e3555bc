// How many jobs of a sweep are in each state.
import type { JobState, SweepSummary } from "./api/types";
import { StateBadge } from "./components/badge";

const STATES: readonly JobState[] = ["queued", "running", "succeeded", "failed", "cancelled"];

export function JobCounts({ jobs }: { jobs: SweepSummary["jobs"] }) {
  return (
    <span class="badges">
      {STATES.map((state) => {
        const count = jobs[state] ?? 0;
        return count > 0 && <StateBadge key={state} state={state} suffix={`: ${count}`} />;
      })}
    </span>
  );
}
