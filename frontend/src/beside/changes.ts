// What became of an edge since another version, as facts: pure, so that a test can hold it.
import type { EdgeDetail, EdgeOverlay } from "../api/types";
import { number, signed } from "../format";
import { t } from "../messages";

export interface Change {
  readonly what: string;
  readonly before: string;
  readonly after: string;
}

export interface Farthest {
  /** The place among the inputs of the overlay. */
  readonly index: number;
  readonly difference: number;
}

/** Where the two curves are farthest from each other; null where they never differ. */
export function farthest({ before, after }: Pick<EdgeOverlay, "before" | "after">): Farthest | null {
  let found: Farthest | null = null;
  for (const [index, value] of after.entries()) {
    const difference = value - (before[index] ?? value);
    if (difference !== 0 && (!found || Math.abs(difference) > Math.abs(found.difference)))
      found = { index, difference };
  }
  return found;
}

/** Only what is not the same, in the order in which one would ask. */
export function changesOf(
  overlay: EdgeOverlay,
  before: EdgeDetail | null,
  after: EdgeDetail | null,
): Change[] {
  const rows: Change[] = [
    { what: t("Form"), before: overlay.form_before, after: overlay.form_after },
    { what: t("Formula"), before: overlay.text_before, after: overlay.text_after },
    {
      what: t("Contribution spread"),
      before: number(overlay.spread_before),
      after: number(overlay.spread_after) + share(overlay.spread_before, overlay.spread_after),
    },
  ];
  if (before && after)
    rows.push(
      { what: t("Training domain"), before: span(before.domain), after: span(after.domain) },
      { what: t("Spline intervals"), before: number(before.grid_size), after: number(after.grid_size) },
      { what: t("Value when missing"), before: number(before.value_when_missing), after: number(after.value_when_missing) },
    );
  return rows.filter((row) => row.before !== row.after);
}

function share(before: number, after: number): string {
  return before > 0 && after !== before ? ` (${signed((100 * (after - before)) / before, 2)} %)` : "";
}

function span(domain: readonly number[] | null): string {
  return domain ? `${number(domain[0])} to ${number(domain[1])}` : "–";
}
