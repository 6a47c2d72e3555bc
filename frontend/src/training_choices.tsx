// What a training predicts and from which columns, chosen from a dataset.
import type { Dataset, Feature } from "./api/types";
import { SelectField } from "./components/field";
import { t, tx } from "./messages";
import { aimedAt, outcomesOf, turned, usableInputs, type TrainingDraft } from "./training_draft";

interface ChoiceProps {
  features: readonly Feature[];
  draft: TrainingDraft;
  set: (changes: Partial<TrainingDraft>) => void;
  at: (field: string) => string | undefined;
}

export function TargetChoice({ dataset, features, draft, set, at }: ChoiceProps & { dataset: Dataset | undefined }) {
  const outcomes = outcomesOf(features, draft.target);
  const last = outcomes.at(-1);
  const columns = features.map((feature) => [feature.name, `${feature.name} (${feature.kind})`] as const);
  const choose = (positiveClass: string): void => {
    const turns = (positiveClass || last) !== (draft.positiveClass || last);
    set({ positiveClass, directions: turns ? turned(draft.directions) : draft.directions });
  };
  return (
    <>
      <SelectField
        label={t("Target")}
        hint={t("The column that the version predicts.")}
        value={draft.target}
        onValue={(name) => set(aimedAt(dataset, name))}
        options={draft.target === "" ? [["", t("Choose a column")], ...columns] : columns}
        required
        error={at("target")}
      />
      {outcomes.length === 2 && (
        <SelectField
          label={t("Outcome")}
          hint={t("The model gives the probability of this one.")}
          value={draft.positiveClass}
          onValue={choose}
          options={[
            ["", t("The last in alphabetical order")],
            ...outcomes.map((value) => [value, value] as const),
          ]}
          error={at("positive_class")}
        />
      )}
    </>
  );
}

export function InputChoice({ features, draft, set, at }: ChoiceProps) {
  const error = at("inputs");
  const chosen = new Set(draft.inputs);
  const offered = features.filter((feature) => feature.name !== draft.target);
  const toggle = (name: string): void => {
    // The order of the file is kept, whatever the order of the clicks.
    if (chosen.has(name)) chosen.delete(name);
    else chosen.add(name);
    set({ inputs: offered.map((feature) => feature.name).filter((other) => chosen.has(other)) });
  };
  return (
    <fieldset class={error ? "field-wrong" : ""}>
      <legend>{tx("Inputs: {0} of {1}", draft.inputs.length, offered.length)}</legend>
      {error && <p class="field-error">{error}</p>}
      <div class="form-actions">
        <button
          type="button"
          class="button"
          onClick={() => set({ inputs: usableInputs(features, draft.target) })}
        >
          {t("All usable")}
        </button>
        <button type="button" class="button" onClick={() => set({ inputs: [] })}>{t("None")}</button>
      </div>
      <div class="checks">
        {offered.map((feature) => (
          <label key={feature.name} class="check" title={feature.reason}>
            <input
              type="checkbox"
              checked={chosen.has(feature.name)}
              disabled={feature.protected}
              onChange={() => toggle(feature.name)}
            />
            <span>
              {feature.name}
              {feature.unit && <span class="hint"> {feature.unit}</span>}
              {feature.protected && <span class="hint">{t(" (protected: never an input)")}</span>}
              {feature.identifier && <span class="hint">{t(" (names the rows)")}</span>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
