// Two formulas as one text, with what is gone and what is new.
import { getFormula } from "./api/operations";
import { Loaded } from "./components/loaded";
import { t, tx } from "./messages";
import { useResource } from "./resource";
import { differenceOf } from "./text_difference";

interface FormulaDifferenceProps {
  model: string;
  left: number;
  right: number;
}

export function FormulaDifference({ model, left, right }: FormulaDifferenceProps) {
  const formulas = useResource(`${model}/${left}/${right}`, (signal) =>
    Promise.all([getFormula(model, left, signal), getFormula(model, right, signal)]),
  );
  return (
    <Loaded resource={formulas} rows={3}>
      {([before, after]) =>
        before.text === after.text ? (
          <p class="empty">{t("Both have the same formula.")}</p>
        ) : (
          <div class="card">
            <p class="hint">
              {tx(
                "{0} is version {1} only, {2} version {3} only. To read: {4} and {5} by complexity.",
                <del>{t("Struck out")}</del>,
                left,
                <ins>{t("underlined")}</ins>,
                right,
                before.complexity,
                after.complexity,
              )}
            </p>
            <pre class="difference" tabIndex={0} aria-label={t("Difference of the formulas")}>
              {differenceOf(before.text, after.text).map(({ kind, text }, index) =>
                kind === "same" ? (
                  <span key={index}>{text}</span>
                ) : kind === "gone" ? (
                  <del key={index}>{text}</del>
                ) : (
                  <ins key={index}>{text}</ins>
                ),
              )}
            </pre>
          </div>
        )
      }
    </Loaded>
  );
}
