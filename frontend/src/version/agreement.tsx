// How far the answers of a network are from those before it was changed.
import type { FormulaAgreement } from "../api/types";
import { Facts } from "../components/page";
import { number, plural } from "../format";

export function Agreement({ agreement, before }: { agreement: FormulaAgreement; before: string }) {
  const share = (value: number): string => `${number(100 * value)} %`;
  const bounds = agreement.proved_link_bounds.map((bound) => (bound === null ? "not proved" : number(bound)));
  return (
    <>
      <p class="hint">
        The answers against {before}, on {plural(agreement.rows, "row")} that no training has seen.
      </p>
      <Facts
        facts={[
          ["Typical difference (RMS)", number(agreement.rmse)],
          ["Largest difference", number(agreement.largest)],
          ["Largest over the whole domain, sampled", number(agreement.largest_dense)],
          ...(agreement.flipped === null ? [] : [["Decisions that differ", share(agreement.flipped)] as const]),
          ...(agreement.same_top === null
            ? []
            : [["Rows with the same four main reasons", share(agreement.same_top)] as const]),
          ["Proved bound over the whole domain, link scale", bounds.join(", ")],
        ]}
      />
    </>
  );
}
