// What colours, dashes and marks of the picture say.
import type { Network } from "../api/types";
import { t, tx } from "../messages";

export function Legend({ network, review }: { network: Network; review: boolean }) {
  const forms = (["symbolic", "spline", "table"] as const).filter((form) =>
    network.edges.some((edge) => edge.form === form),
  );
  return (
    <ul class="legend" aria-label={t("Legend")}>
      {forms.map((form) => (
        <li key={form} class={`form-${form}`}>
          <svg width="34" height="10" viewBox="0 0 34 10" aria-hidden="true">
            <path class="line" d="M1 5H33" stroke-width="3" />
          </svg>
          {form} ({network.edges.filter((edge) => edge.form === form).length})
        </li>
      ))}
      {review && (
        <>
          <li class="legend-good">{t("✓ accepted")}</li>
          <li class="legend-bad">{t("✕ rejected")}</li>
          <li>{t("○ not decided")}</li>
        </>
      )}
    </ul>
  );
}

export function FlowLegend() {
  return (
    <ul class="legend" aria-label={t("Legend")}>
      {(["raises", "lowers"] as const).map((name) => (
        <li key={name} class={name}>
          {tx(
            "{0}{1} the output",
            <svg width="34" height="10" viewBox="0 0 34 10" aria-hidden="true">
            <path class="line" d="M1 5H33" stroke-width="5" />
          </svg>,
            name,
          )}
        </li>
      ))}
      <li>
        {tx(
          "{0}where the row lies",
          <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
          <circle class="here" cx="6" cy="6" r="4" />
        </svg>,
        )}
      </li>
    </ul>
  );
}
