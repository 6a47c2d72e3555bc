// One entry of a reason dictionary as fields, with the server's messages at them.
import type { Problem } from "../api/client";
import type { ReasonEntry } from "../api/types";
import { Field, SelectField, TextField } from "../components/field";
import { t, tx } from "../messages";
import type { DraftEntry } from "./draft";

export const SITUATIONS: readonly (readonly [ReasonEntry["when"], string])[] = [
  ["any", t("has any value")],
  ["higher", t("is above the reference's mean")],
  ["lower", t("is below the reference's mean")],
  ["missing", t("is missing")],
];

interface EntryFieldsProps {
  entry: DraftEntry;
  position: number;
  locales: readonly string[];
  /** Features that may be in a group. */
  known: readonly string[];
  problem: Problem | undefined;
  onChange: (change: Partial<ReasonEntry>) => void;
  onRemove: () => void;
}

export function EntryFields({ entry, position, locales, known, problem, onChange, onRemove }: EntryFieldsProps) {
  const at = (field: string): string | undefined => problem?.at(`/entries/${position}/${field}`);
  const name = entry.features.join(" and ");
  return (
    <fieldset class="card">
      <legend>
        {name}, {SITUATIONS.find(([when]) => when === entry.when)?.[1]}
      </legend>
      <div class="field-grid">
        <GroupField entry={entry} known={known} error={at("features")} onChange={onChange} />
        <SelectField
          label={t("When it")}
          value={entry.when}
          onValue={(when) => onChange({ when: when as ReasonEntry["when"] })}
          options={SITUATIONS}
          error={at("when")}
        />
        <TextField
          label={t("Code")}
          value={entry.code}
          onValue={(code) => onChange({ code })}
          error={at("code")}
          input={{ required: true, maxLength: 40, spellcheck: false }}
        />
      </div>
      {locales.map((locale) => (
        <TextField
          key={locale}
          label={t("Text ({0})", locale)}
          value={entry.texts[locale] ?? ""}
          onValue={(text) => onChange({ texts: { ...entry.texts, [locale]: text } })}
          error={at(`texts/${locale}`)}
          input={{ required: true, maxLength: 200 }}
        />
      ))}
      <button type="button" class="button" onClick={onRemove}>{tx("Remove {0}", entry.code)}</button>
    </fieldset>
  );
}

/** The features that are told as one reason. */
function GroupField({
  entry,
  known,
  error,
  onChange,
}: Pick<EntryFieldsProps, "entry" | "known" | "onChange"> & { error: string | undefined }) {
  const others = known.filter((feature) => !entry.features.includes(feature));
  return (
    <div>
      <Field label={t("Features")} hint={t("Several are one reason: what they add is summed.")} error={error}>
        {(tie) => (
          <select
            {...tie}
            value=""
            onChange={(event) => onChange({ features: [...entry.features, event.currentTarget.value] })}
          >
            <option value="">{entry.features.join(" + ")}</option>
            {others.map((feature) => (
              <option key={feature} value={feature}>{tx("Add {0}", feature)}</option>
            ))}
          </select>
        )}
      </Field>
      {entry.features.length > 1 &&
        entry.features.map((feature) => (
          <button
            key={feature}
            type="button"
            class="button"
            onClick={() => onChange({ features: entry.features.filter((one) => one !== feature) })}
          >
            {tx("Take {0} out", feature)}
          </button>
        ))}
    </div>
  );
}
