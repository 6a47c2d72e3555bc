// The reasons of a prediction, as the person reads them.
import type { Prediction } from "../api/types";
import { Section } from "../components/page";
import { signed } from "../format";

interface ReasonsProps {
  reasons: Prediction["reasons"];
  rules: Prediction["reason_rules"];
}

/** The amount and the code are for whoever checks. */
export function Reasons({ reasons, rules }: ReasonsProps) {
  const isDistance = rules?.method === "points_below_maximum";
  return (
    <Section title="Main reasons">
      <p class="hint">
        {isDistance
          ? "Ranked by the distance from the best points of each feature."
          : "Ranked by how far they move the output away from the reference."}{" "}
        {rules?.dictionary
          ? `In the words of the reason dictionary, revision ${rules.dictionary}.`
          : "In plain words: the model has no reason dictionary."}
      </p>
      <ol class="reasons">
        {reasons.map((reason) => (
          <li key={reason.rank}>
            {reason.text}{" "}
            <span class="hint">
              {signed(reason.contribution)} · <code>{reason.code}</code>
            </span>
          </li>
        ))}
      </ol>
    </Section>
  );
}
