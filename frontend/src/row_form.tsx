// One row as form fields. A gap is said on purpose: by its own box, or as its own choice in a list.
import { useMemo } from "preact/hooks";

import type { Feature, Value } from "./api/types";
import { Field } from "./components/field";
import { number, plural } from "./format";
import { t, tx } from "./messages";
import { scaleOf } from "./prediction/scale";

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

/** Whether every numeric field holds a number or is said to be missing. */
export function isWhole(features: readonly Feature[], texts: RowTexts): boolean {
  return features.every(({ name, kind }) => {
    const text = texts[name] ?? null;
    return kind !== "numeric" || text === null || (text.trim() !== "" && Number.isFinite(Number(text)));
  });
}

interface RowFieldProps {
  feature: Feature;
  text: string | null;
  onText: (text: string | null) => void;
  error: string | undefined;
}

/** Drawn again only where its own value has changed: dragging one slider leaves the others alone. */
export function RowField(props: RowFieldProps) {
  const { feature, text, error } = props;
  return useMemo(
    () => (feature.kind === "numeric" ? <NumericField {...props} /> : <CategoryField {...props} />),
    [feature, text, error],
  );
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
  const isOutside = text !== null && text.trim() !== "" && isBeyond(feature, Number(text));
  const range = (
    <>
      {tx(
        "{0}{1}{2} to {3}{4}",
        feature.description && <span class="block">{feature.description}</span>,
        isOutside ? <strong class="outside">{t("Outside the trained range, ")}</strong> : t("Trained on "),
        number(feature.minimum),
        number(feature.maximum),
        feature.unit && ` ${feature.unit}`,
      )}
    </>
  );
  return (
    <div class="row-field">
      <Field label={labelOf(feature)} hint={range} error={error}>
        {(tie) => (
          <div class="slid">
            <input
              {...tie}
              type="number"
              step="any"
              required={text !== null}
              disabled={text === null}
              value={text ?? ""}
              onInput={(event) => onText(event.currentTarget.value)}
            />
            <Slider feature={feature} text={text} onText={onText} />
          </div>
        )}
      </Field>
      {feature.missing > 0 && (
        <label class="check">
          <input
            type="checkbox"
            checked={text === null}
            onChange={(event) => onText(event.currentTarget.checked ? null : String(feature.mean ?? 0))}
          />
          <span>{tx("{0}is missing", <span class="visually-hidden">{feature.name} </span>)}</span>
        </label>
      )}
    </div>
  );
}

function isBeyond({ minimum, maximum }: Feature, value: number): boolean {
  return (typeof minimum === "number" && value < minimum) || (typeof maximum === "number" && value > maximum);
}

function Slider({ feature, text, onText }: Pick<RowFieldProps, "feature" | "text" | "onText">) {
  const scale = scaleOf(feature);
  if (!scale) return null;
  const value = Number(text ?? NaN);
  return (
    <input
      type="range"
      class="slider"
      aria-label={t("Slide {0}", feature.name)}
      min={scale.minimum}
      max={scale.maximum}
      step={scale.step}
      disabled={text === null}
      value={Number.isFinite(value) ? value : scale.minimum}
      onInput={(event) => onText(event.currentTarget.value)}
    />
  );
}

function CategoryField({ feature, text, onText, error }: RowFieldProps) {
  return (
    <div class="row-field">
      <Field
        label={labelOf(feature)}
        hint={feature.description ?? t("One of {0} seen in training", plural(feature.categories.length, "category", "categories"))}
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
            {feature.missing > 0 && <option value={MISSING}>{t("(missing)")}</option>}
          </select>
        )}
      </Field>
    </div>
  );
}
