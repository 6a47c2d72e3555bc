// Conditions on features, one box for each: a range, some categories, or a gap.
import type { Feature } from "../api/types";
import { SelectField, TextField } from "../components/field";
import { number } from "../format";
import { t, tx } from "../messages";
import { newCondition, type ConditionDraft } from "./draft";

interface ConditionsProps {
  features: readonly Feature[];
  conditions: readonly ConditionDraft[];
  onConditions: (conditions: readonly ConditionDraft[]) => void;
  at: (pointer: string) => string | undefined;
}

export function Conditions({ features, conditions, onConditions, at }: ConditionsProps) {
  const used = new Set(conditions.map(({ feature }) => feature));
  const free = features.filter(({ name }) => !used.has(name));
  const replace = (changed: ConditionDraft): void =>
    onConditions(conditions.map((one) => (one.feature === changed.feature ? changed : one)));
  return (
    <>
      {conditions.map((condition) => {
        const feature = features.find(({ name }) => name === condition.feature);
        return (
          feature && (
            <Condition
              key={condition.feature}
              feature={feature}
              condition={condition}
              onChange={replace}
              onRemove={() => onConditions(conditions.filter((one) => one !== condition))}
              error={at(`/features/${condition.feature}`)}
            />
          )
        );
      })}
      <SelectField
        label={t("Add a condition on")}
        hint={t("Rows must meet all conditions. A gap meets one only where that is ticked.")}
        value=""
        onValue={(name) => name && onConditions([...conditions, newCondition(name)])}
        options={[["", t("Choose a feature")], ...free.map(({ name }) => [name, name] as const)]}
        required={conditions.length === 0}
      />
    </>
  );
}

interface ConditionProps {
  feature: Feature;
  condition: ConditionDraft;
  onChange: (condition: ConditionDraft) => void;
  onRemove: () => void;
  error: string | undefined;
}

function Condition({ feature, condition, onChange, onRemove, error }: ConditionProps) {
  const { name } = feature;
  return (
    <fieldset class={error ? "field-wrong" : ""}>
      <legend>
        {name}
        {feature.unit && <span class="hint"> {feature.unit}</span>}
      </legend>
      {error && <p class="field-error">{error}</p>}
      {feature.kind === "numeric" ? (
        <Range feature={feature} condition={condition} onChange={onChange} />
      ) : (
        <Categories feature={feature} condition={condition} onChange={onChange} />
      )}
      {feature.missing > 0 && (
        <label class="check">
          <input
            type="checkbox"
            checked={condition.missing}
            onChange={(event) => onChange({ ...condition, missing: event.currentTarget.checked })}
          />
          <span>
            {tx("{0}also rows where it is missing", <span class="visually-hidden">{name}: </span>)}
          </span>
        </label>
      )}
      <div class="form-actions">
        <button type="button" class="button" onClick={onRemove}>
          {tx("Remove the condition on {0}", name)}
        </button>
      </div>
    </fieldset>
  );
}

type PartProps = Pick<ConditionProps, "feature" | "condition" | "onChange">;

function Range({ feature, condition, onChange }: PartProps) {
  return (
    <div class="field-row">
      <TextField
        label={t("Lowest {0}", feature.name)}
        hint={t("The data begin at {0}; empty for no bound.", number(feature.minimum))}
        value={condition.minimum}
        onValue={(minimum) => onChange({ ...condition, minimum })}
        input={{ type: "number", step: "any" }}
      />
      <TextField
        label={t("Highest {0}", feature.name)}
        hint={t("The data end at {0}; empty for no bound.", number(feature.maximum))}
        value={condition.maximum}
        onValue={(maximum) => onChange({ ...condition, maximum })}
        input={{ type: "number", step: "any" }}
      />
    </div>
  );
}

function Categories({ feature, condition, onChange }: PartProps) {
  const toggle = (value: string): void => {
    const without = condition.categories.filter((one) => one !== value);
    const isChosen = without.length < condition.categories.length;
    onChange({ ...condition, categories: isChosen ? without : [...without, value] });
  };
  return (
    <div class="checks">
      {feature.categories.map(({ value }) => (
        <label key={value} class="check">
          <input type="checkbox" checked={condition.categories.includes(value)} onChange={() => toggle(value)} />
          <span>{value}</span>
        </label>
      ))}
    </div>
  );
}
