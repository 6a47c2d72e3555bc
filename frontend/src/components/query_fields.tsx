// Fields that stand in the address: what a list is narrowed by, so that what was found is a link.
import { t } from "../messages";
import { currentLocation, setQuery } from "../router";
import { Field, TextField } from "./field";

interface QueryTextProps {
  name: string;
  label: string;
  hint?: string;
}

export function QueryText({ name, label, hint }: QueryTextProps) {
  return (
    <TextField
      label={label}
      hint={hint}
      value={currentLocation.value.query.get(name) ?? ""}
      onValue={(text) => setQuery({ [name]: text || null })}
      input={{ spellcheck: false, autocapitalize: "none" }}
    />
  );
}

const DAYS = [
  ["since", t("From")],
  ["until", t("To")],
] as const;

/** The first and the last day. */
export function QueryDays() {
  const { query } = currentLocation.value;
  return (
    <>
      {DAYS.map(([name, label]) => (
        <Field key={name} label={label} hint={t("A day of your clock.")}>
          {(tie) => (
            <input
              {...tie}
              type="date"
              value={query.get(name) ?? ""}
              onInput={(event) => setQuery({ [name]: event.currentTarget.value || null })}
            />
          )}
        </Field>
      ))}
    </>
  );
}
