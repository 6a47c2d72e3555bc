// Two formulas as one text, with what is gone and what is new.
import { getFormula } from "./api/operations";
import { Loaded } from "./components/loaded";
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
          <p class="empty">Both have the same formula.</p>
        ) : (
          <div class="card">
            <p class="hint">
              <del>Struck out</del> is version {left} only, <ins>underlined</ins> version {right} only. To read:{" "}
              {before.complexity} and {after.complexity} by complexity.
            </p>
            <pre class="difference" tabIndex={0} aria-label="Difference of the formulas">
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
