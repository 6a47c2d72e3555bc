// A new entry in the inventory.
import { useState } from "preact/hooks";

import { createModel } from "../api/operations";
import type { ModelRequest, RiskTier } from "../api/types";
import { SelectField, TextArea, TextField } from "../components/field";
import { Form } from "../components/form";
import { PageFrame } from "../components/page";
import { t } from "../messages";
import { useAction } from "../resource";
import { address, navigate } from "../router";

const EMPTY: ModelRequest = {
  name: "",
  title: "",
  purpose: "",
  owner: "",
  risk_tier: "medium",
  approved_use: "",
  adverse_action: false,
  adverse_outcome: null,
};
const FIELDS = ["/name", "/title", "/purpose", "/owner", "/risk_tier", "/approved_use", "/adverse_action", "/adverse_outcome"];
const DUTIES = [
  ["no", t("No")],
  ["yes", t("Yes: a champion needs words for every feature")],
] as const;
const OUTCOMES = [
  ["", t("Not stated: what raises the explained outcome")],
  ["higher", t("A higher response")],
  ["lower", t("A lower response")],
] as const;
const TIERS: readonly (readonly [RiskTier, string])[] = [
  ["low", t("Low: one signature approves")],
  ["medium", t("Medium: one signature approves")],
  ["high", t("High: two different people must sign")],
];

export function NewModelPage() {
  const [model, setModel] = useState(EMPTY);
  const set = (changes: Partial<ModelRequest>): void => setModel({ ...model, ...changes });
  const create = useAction(async () => {
    const created = await createModel(model);
    navigate(address`/models/${created.name}`);
  });
  return (
    <PageFrame title={t("New model")} trail={[[t("Models"), "/models"]]}>
      <Form action={create} card shownAt={FIELDS} submit={t("Create the model")} busy={t("Creating…")} cancel="/models">
        <ModelFields model={model} set={set} at={(pointer) => create.problem?.at(pointer)} />
        <SelectField
          label={t("Risk tier")}
          value={model.risk_tier}
          onValue={(tier) => set({ risk_tier: tier as RiskTier })}
          options={TIERS}
          error={create.problem?.at("/risk_tier")}
        />
        <SelectField
          label={t("Are people owed the reasons of a decision?")}
          value={model.adverse_action ? "yes" : "no"}
          onValue={(duty) => set({ adverse_action: duty === "yes" })}
          options={DUTIES}
          error={create.problem?.at("/adverse_action")}
        />
        <SelectField
          label={t("What hurts the person")}
          value={model.adverse_outcome ?? ""}
          onValue={(outcome) => set({ adverse_outcome: outcome === "higher" || outcome === "lower" ? outcome : null })}
          options={OUTCOMES}
          error={create.problem?.at("/adverse_outcome")}
        />
      </Form>
    </PageFrame>
  );
}

interface ModelFieldsProps {
  model: ModelRequest;
  set: (changes: Partial<ModelRequest>) => void;
  /** The server's message for a field. */
  at: (pointer: string) => string | undefined;
}

function ModelFields({ model, set, at }: ModelFieldsProps) {
  return (
    <>
      <TextField
        label={t("Name")}
        hint={t("Short and fixed; it stands in addresses and in calls: lower-case letters, digits, hyphens.")}
        value={model.name}
        onValue={(name) => set({ name })}
        error={at("/name")}
        input={{ required: true, pattern: "[a-z][a-z0-9\\-]+", maxLength: 63, spellcheck: false }}
      />
      <TextField
        label={t("Title")}
        value={model.title}
        onValue={(title) => set({ title })}
        error={at("/title")}
        input={{ required: true, maxLength: 200 }}
      />
      <TextArea
        label={t("Purpose")}
        hint={t("Which decision the model serves.")}
        required
        value={model.purpose}
        onValue={(purpose) => set({ purpose })}
        error={at("/purpose")}
      />
      <TextArea
        label={t("Approved use")}
        hint={t("For whom and what it may be used, and what it must not be used for.")}
        required
        value={model.approved_use}
        onValue={(approved_use) => set({ approved_use })}
        error={at("/approved_use")}
      />
      <TextField
        label={t("Owner")}
        hint={t("The person or the unit that answers for it.")}
        value={model.owner}
        onValue={(owner) => set({ owner })}
        error={at("/owner")}
        input={{ required: true, maxLength: 200 }}
      />
    </>
  );
}
