// What holds the truth in nine of ten cases, in a sentence.
import type { Interval } from "../api/types";
import { number } from "../format";

export function intervalText(interval: Interval): string {
  const share = `${number(100 * interval.coverage)} %`;
  if (typeof interval.lower === "number")
    return `In ${share} of cases the truth lies between ${number(interval.lower)} and ${number(interval.upper)}.`;
  const outcomes = interval.outcomes ?? [];
  if (outcomes.length === 0) return `Unlike the rows it was calibrated on: no outcome fits at ${share}.`;
  if (outcomes.length === 1) return `At ${share} certainty only ${outcomes[0]} is left.`;
  return `At ${share} certainty these stay possible: ${outcomes.join(", ")}.`;
}
