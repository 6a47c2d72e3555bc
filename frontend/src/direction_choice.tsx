// What is known before the training: how the prediction moves with an input.
import type { Direction, Feature } from "./api/types";
import { SelectField } from "./components/field";
import { t, tx } from "./messages";
import { directed, outcomesOf, type Directions, type TrainingDraft } from "./training_draft";

interface ChoiceProps {
  features: readonly Feature[];
  draft: TrainingDraft;
  set: (changes: Partial<TrainingDraft>) => void;
  at: (field: string) => string | undefined;
}

const OPTIONS = [
  ["", t("either way")],
  ["increasing", "rises"],
  ["decreasing", "falls"],
] as const;

export function DirectionChoice({ features, draft, set, at }: ChoiceProps) {
  const offered = directed(features, draft);
  const chosen = offered.filter((feature) => draft.directions[feature.name]).length;
  const error = at("monotone");
  const manyOutcomes = outcomesOf(features, draft.target).length > 2;
  return (
    <fieldset class={error ? "field-wrong" : ""}>
      <legend>{tx("Directions: {0} of {1}", chosen, offered.length)}</legend>
      <p class="hint">
        {manyOutcomes
          ? t("With three outcomes or more no direction can be kept.")
          : t("Where one is set, the prediction never moves against it over the range of the data, whatever they say.")}
      </p>
      {error && offered.length === 0 && <p class="field-error">{error}</p>}
      {offered.length > 0 && (
        <details open={chosen > 0 || error !== undefined}>
          <summary>{t("When the input rises, the prediction …")}</summary>
          <div class="field-grid directions">
            {offered.map(({ name, unit }) => (
              <SelectField
                key={name}
                label={unit ? `${name} (${unit})` : name}
                value={draft.directions[name] ?? ""}
                onValue={(value) => set({ directions: withDirection(draft.directions, name, value) })}
                options={OPTIONS}
                error={at(`monotone/${name}`)}
              />
            ))}
          </div>
        </details>
      )}
    </fieldset>
  );
}

function withDirection(directions: Directions, name: string, value: string): Directions {
  const others = Object.entries(directions).filter(([other]) => other !== name);
  const direction: Direction | undefined =
    value === "increasing" || value === "decreasing" ? value : undefined;
  return Object.fromEntries(direction ? [...others, [name, direction]] : others);
}
