// Contributions as a waterfall whose bars stand in a table: the chart is its own table twin.
import { cell, signed } from "../format";
import { t } from "../messages";
import { ranked, steps, type Share } from "./shares";

interface ShareTableProps {
  caption: string;
  parts: readonly Share[];
  base: number;
  /** What the first and the last line are called. */
  from: string;
  to: string;
  start: string;
  end: string;
}

export function ShareTable({ caption, parts, base, from, to, start, end }: ShareTableProps) {
  const { shown, silent } = ranked(parts);
  return (
    <>
      <table class="shares">
        <caption class="visually-hidden">{caption}</caption>
        <thead class="visually-hidden">
          <tr>
            <th scope="col">{t("Feature")}</th>
            <th scope="col">{t("Bar")}</th>
            <th scope="col">{t("Contribution")}</th>
          </tr>
        </thead>
        <tbody>
          <End name={from} value={start} />
          {steps(shown, base).map((part) => (
            <tr key={part.feature}>
              <th scope="row">
                {part.feature}
                <span class="share-value">
                  {part.other !== undefined && part.other !== part.value && `${cell(part.other)} → `}
                  {cell(part.value)}
                </span>
              </th>
              <td class="share-bar">
                <Bar from={part.from} to={part.to} />
              </td>
              <td class="numeric">{signed(part.contribution, 3)}</td>
            </tr>
          ))}
          <End name={to} value={end} />
        </tbody>
      </table>
      {silent.length > 0 && (
        <p class="hint">
          {parts.length === silent.length ? t("No feature adds anything.") : t("Without effect here: {0}.", silent.join(", "))}
        </p>
      )}
    </>
  );
}

function End({ name, value }: { name: string; value: string }) {
  return (
    <tr class="share-end">
      <th scope="row" colSpan={2}>
        {name}
      </th>
      <td class="numeric">{value}</td>
    </tr>
  );
}

function Bar({ from, to }: { from: number; to: number }) {
  const left = 100 * Math.min(from, to);
  return (
    <svg viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true">
      <rect
        class={to > from ? "raises" : "lowers"}
        x={left}
        y="1"
        width={Math.max(100 * Math.abs(to - from), 0.6)}
        height="10"
      />
    </svg>
  );
}
