// How far a job is that works through rows.
import type { Progress } from "../api/types";
import { number } from "../format";
import { t } from "../messages";
import { Section } from "./page";

/** `label` names the bar, `said` puts the share of rows, in percent, into a sentence. */
export function RowsProgress({
  latest,
  label,
  said,
}: {
  latest: Progress | null;
  label: string;
  said: (percent: string) => string;
}) {
  const share = latest ? latest.step / Math.max(latest.steps, 1) : 0;
  return (
    <Section title={t("Progress")}>
      <div role="status">
        <progress max={1} value={share} aria-label={label} />
        <p class="hint">{latest ? said(number(100 * share, 2)) : t("Waiting for a worker.")}</p>
      </div>
    </Section>
  );
}
