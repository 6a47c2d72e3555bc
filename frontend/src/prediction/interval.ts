// What holds the truth in nine of ten cases, in a sentence.
import type { Interval } from "../api/types";
import { number } from "../format";
import { t } from "../messages";

export function intervalText(interval: Interval): string {
  const share = `${number(100 * interval.coverage)} %`;
  if (typeof interval.lower === "number")
    return t(
      "In {0} of cases the truth lies between {1} and {2}.",
      share,
      number(interval.lower),
      number(interval.upper),
    );
  const outcomes = interval.outcomes ?? [];
  if (outcomes.length === 0) return t("Unlike the rows it was calibrated on: no outcome fits at {0}.", share);
  if (outcomes.length === 1) return t("At {0} certainty only {1} is left.", share, outcomes[0]);
  return t("At {0} certainty these stay possible: {1}.", share, outcomes.join(", "));
}
