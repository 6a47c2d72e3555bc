// One row as form fields. A gap is said on purpose: by its own box, or as its own choice in a list.
import type { Feature, Value } from "./api/types";
import { Field } from "./components/field";
import { number } from "./format";

/** What stands in the fields; null where the value is said to be missing. */
export type RowTexts = Readonly<Record<string, string | null>>;

const MISSING = "\u0000missing";

/** The texts for a row's values. */
export function textsOf(features: readonly Feature[], row: Readonly<Record<string, Value>>): RowTexts {
  return Object.fromEntries(
    features.map(({ name }) => {
      const value = row[name];
      return [name, value === null || value === undefined ? null : String(value)];
    }),
  );
}

/** The row that the texts mean: numbers for numeric features, null for gaps. */
export function typedRow(features: readonly Feature[], texts: RowTexts): Record<string, Value> {
  return Object.fromEntries(
    features.map(({ name, kind }) => {
      const text = texts[name] ?? null;
      return [name, text === null ? null : kind === "numeric" ? Number(text) : text];
    }),
  );
}

interface RowFieldProps {
  feature: Feature;
  text: string | null;
  onText: (text: string | null) => void;
  error: string | undefined;
}

export function RowField(props: RowFieldProps) {
  return props.feature.kind === "numeric" ? <NumericField {...props} /> : <CategoryField {...props} />;
}

function labelOf(feature: Feature) {
  return (
    <>
      {feature.name}
      {feature.unit && <span class="unit"> {feature.unit}</span>}
    </>
  );
}

function NumericField({ feature, text, onText, error }: RowFieldProps) {
  const range = `Trained on ${number(feature.minimum)} to ${number(feature.maximum)}`;
  return (
    <div class="row-field">
      <Field label={labelOf(feature)} hint={range} error={error}>
        {(tie) => (
          <input
            {...tie}
            type="number"
            step="any"
            required={text !== null}
            disabled={text === null}
            value={text ?? ""}
            onInput={(event) => onText(event.currentTarget.value)}
          />
        )}
      </Field>
      {feature.missing > 0 && (
        <label class="check">
          <input
            type="checkbox"
            checked={text === null}
            onChange={(event) => onText(event.currentTarget.checked ? null : String(feature.mean ?? 0))}
          />
          <span>{feature.name} is missing</span>
        </label>
      )}
    </div>
  );
}

function CategoryField({ feature, text, onText, error }: RowFieldProps) {
  return (
    <div class="row-field">
      <Field
        label={labelOf(feature)}
        hint={feature.description ?? "One of the categories seen in training"}
        error={error}
      >
        {(tie) => (
          <select
            {...tie}
            value={text ?? MISSING}
            onChange={(event) =>
              onText(event.currentTarget.value === MISSING ? null : event.currentTarget.value)
            }
          >
            {feature.categories.map(({ value }) => (
              <option value={value} key={value}>
                {value}
              </option>
            ))}
            {feature.missing > 0 && <option value={MISSING}>(missing)</option>}
          </select>
        )}
      </Field>
    </div>
  );
}
