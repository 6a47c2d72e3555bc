// How far the answers of a network are from those before it was changed.
import type { FormulaAgreement } from "../api/types";
import { Facts } from "../components/page";
import { number, plural } from "../format";
import { t, tx } from "../messages";

export function Agreement({ agreement, before }: { agreement: FormulaAgreement; before: string }) {
  const share = (value: number): string => `${number(100 * value)} %`;
  const bounds = agreement.proved_link_bounds.map((bound) => (bound === null ? t("not proved") : number(bound)));
  return (
    <>
      <p class="hint">
        {tx(
          "The answers against {0}, on {1} that no training has seen.",
          before,
          plural(agreement.rows, "row"),
        )}
      </p>
      <Facts
        facts={[
          [t("Typical difference (RMS)"), number(agreement.rmse)],
          [t("Largest difference"), number(agreement.largest)],
          [t("Largest over the whole domain, sampled"), number(agreement.largest_dense)],
          ...(agreement.flipped === null ? [] : [[t("Decisions that differ"), share(agreement.flipped)] as const]),
          ...(agreement.same_top === null
            ? []
            : [[t("Rows with the same four main reasons"), share(agreement.same_top)] as const]),
          [t("Proved bound over the whole domain, link scale"), bounds.join(", ")],
        ]}
      />
    </>
  );
}
