// The whole network in closed form.
import { getFormula } from "../api/operations";
import type { Formula } from "../api/types";
import { CopyButton } from "../components/digest";
import { FormulaView } from "../components/formula";
import { Loaded } from "../components/loaded";
import { plural } from "../format";
import { t, tx } from "../messages";
import { useResource } from "../resource";

export function WholeFormula({ model, version }: { model: string; version: number }) {
  const formula = useResource(`${model}/${version}`, (signal) => getFormula(model, version, signal));
  return <Loaded resource={formula}>{(data) => <FormulaDetails formula={data} />}</Loaded>;
}

function FormulaDetails({ formula }: { formula: Formula }) {
  return (
    <>
      <FormulaView latex={formula.latex} text={formula.text} />
      <p class="hint">
        {tx(
          "Complexity {0}: functions count by their weight, splines by the number of their coefficients.",
          formula.complexity,
        )}
      </p>
      <p>{tx("As text {0}", <CopyButton text={formula.text} label={t("Copy the formula as text")} />)}</p>
      {formula.spline_edges.length > 0 && (
        <p class="hint">
          {tx(
            "{0} without a closed form stand as φ with their number: {1}.",
            plural(formula.spline_edges.length, "edge"),
            formula.spline_edges.join(", "),
          )}
        </p>
      )}
    </>
  );
}
