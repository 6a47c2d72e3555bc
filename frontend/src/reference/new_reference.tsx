// A new population that contributions can be measured against.
import { useState } from "preact/hooks";

import { createReference, getVersionInputs } from "../api/operations";
import type { Version, VersionInputs } from "../api/types";
import { SelectField, TextField } from "../components/field";
import { Form } from "../components/form";
import { Loaded } from "../components/loaded";
import { t } from "../messages";
import { useAction, useResource } from "../resource";
import { RowField, textsOf } from "../row_form";
import { Conditions } from "./conditions";
import { EMPTY, KINDS, selectionOf, type Kind, type ReferenceDraft } from "./draft";

interface NewReferenceProps {
  version: Version;
  onMade: () => void;
}

export function NewReference({ version, onMade }: NewReferenceProps) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t("New reference")}</summary>
      {open && <WithInputs version={version} onMade={onMade} />}
    </details>
  );
}

function WithInputs({ version, onMade }: NewReferenceProps) {
  const inputs = useResource(`${version.model}/${version.number}`, (signal) =>
    getVersionInputs(version.model, version.number, signal),
  );
  return (
    <Loaded resource={inputs} rows={3}>
      {(data) => <ReferenceForm version={version} inputs={data} onMade={onMade} />}
    </Loaded>
  );
}

function ReferenceForm({ version, inputs, onMade }: NewReferenceProps & { inputs: VersionInputs }) {
  const [name, setName] = useState("");
  const [draft, setDraft] = useState<ReferenceDraft>(() => ({
    ...EMPTY,
    applicant: textsOf(inputs.features, inputs.example),
  }));
  const set = (changes: Partial<ReferenceDraft>): void => setDraft({ ...draft, ...changes });
  const create = useAction(async () => {
    const selection = selectionOf(draft, inputs.features);
    await createReference(version.model, version.number, { name, selection });
    setName("");
    onMade();
  });
  // The request's reader puts the kind into the pointer, the rules of selections do not.
  const at = (place: string): string | undefined =>
    create.problem?.at(`/selection${place}`) ?? create.problem?.at(`/selection/${draft.kind}${place}`);
  return (
    <Form action={create} shownAt={["/name"]} submit={t("Keep this reference")} busy={t("Choosing rows…")}>
      <TextField
        label={t("Name of the reference")}
        hint={t("Lower-case letters, digits, hyphens. A name that exists gets its next revision.")}
        value={name}
        onValue={setName}
        error={create.problem?.at("/name")}
        input={{ required: true, pattern: "[a-z][a-z0-9\\-]+", maxLength: 63, spellcheck: false }}
      />
      <SelectField
        label={t("Who")}
        value={draft.kind}
        onValue={(kind) => set({ kind: kind as Kind })}
        options={KINDS}
      />
      <SelectionFields inputs={inputs} draft={draft} set={set} at={at} />
    </Form>
  );
}

interface SelectionFieldsProps {
  inputs: VersionInputs;
  draft: ReferenceDraft;
  set: (changes: Partial<ReferenceDraft>) => void;
  at: (pointer: string) => string | undefined;
}

function SelectionFields({ inputs, draft, set, at }: SelectionFieldsProps) {
  switch (draft.kind) {
    case "all_applicants":
      return null;
    case "filter":
      return (
        <Conditions
          features={inputs.features}
          conditions={draft.conditions}
          onConditions={(conditions) => set({ conditions })}
          at={at}
        />
      );
    case "single_applicant":
      return (
        <div class="field-grid">
          {inputs.features.map((feature) => (
            <RowField
              key={feature.name}
              feature={feature}
              text={draft.applicant[feature.name] ?? null}
              onText={(text) => set({ applicant: { ...draft.applicant, [feature.name]: text } })}
              error={at(`/row/${feature.name}`)}
            />
          ))}
        </div>
      );
    default:
      return <ResponseFields draft={draft} set={set} />;
  }
}

function ResponseFields({ draft, set }: Pick<SelectionFieldsProps, "draft" | "set">) {
  const isBetween = draft.kind === "response_between";
  return (
    <div class="field-row">
      <TextField
        label={isBetween ? t("Lowest response") : "Cut-off"}
        value={draft.lower}
        onValue={(lower) => set({ lower })}
        input={{ type: "number", step: "any", required: true }}
      />
      {isBetween ? (
        <TextField
          label={t("Highest response")}
          value={draft.upper}
          onValue={(upper) => set({ upper })}
          input={{ type: "number", step: "any", required: true }}
        />
      ) : (
        <TextField
          label={t("Rows")}
          value={draft.rows}
          onValue={(rows) => set({ rows })}
          input={{ type: "number", step: 1, min: 1, max: 2000, required: true }}
        />
      )}
    </div>
  );
}
