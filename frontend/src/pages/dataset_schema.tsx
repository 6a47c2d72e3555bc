// Saying what the columns of a dataset mean: the same rows under a new description, as a new snapshot.
import { useState } from "preact/hooks";

import { editSchema, getDataset } from "../api/operations";
import type { Dataset, Feature } from "../api/types";
import { SelectField, TextField } from "../components/field";
import { Form } from "../components/form";
import { Loaded } from "../components/loaded";
import { PageFrame } from "../components/page";
import { plural } from "../format";
import { t, tx } from "../messages";
import { useAction, useResource } from "../resource";
import { address, navigate } from "../router";
import { changeCount, schemaChanges, schemaDraftOf, withColumn, type ColumnDraft } from "../schema_draft";

export function DatasetSchemaPage({ id }: { id: string }) {
  const dataset = useResource(id, (signal) => getDataset(id, signal));
  return (
    <PageFrame
      wide
      title={t("Describe the columns")}
      lead={t("Rows never change. Saving makes a new snapshot with the same digest; versions that were trained keep theirs.")}
      trail={[
        [t("Datasets"), "/datasets"],
        [dataset.data?.name ?? t("Dataset"), address`/datasets/${id}`],
      ]}
    >
      <Loaded resource={dataset} rows={10}>
        {(data) => <SchemaForm dataset={data} />}
      </Loaded>
    </PageFrame>
  );
}

function SchemaForm({ dataset }: { dataset: Dataset }) {
  const [draft, setDraft] = useState(() => schemaDraftOf(dataset));
  const changes = schemaChanges(dataset, draft);
  const count = changeCount(changes);
  const { features } = dataset.feature_schema;
  const save = useAction(async () => {
    const saved = await editSchema(dataset.id, changes);
    navigate(address`/datasets/${saved.id}`);
  });
  const at = (pointer: string): string | undefined => save.problem?.at(pointer);
  return (
    <Form
      action={save}
      shownAt={["/target", ...features.map(({ name }) => `/features/${name}`)]}
      submit={count === 0 ? t("Nothing has changed") : t("Save {0} as a new snapshot", plural(count, "change"))}
      busy={t("Saving…")}
      disabled={count === 0}
      cancel={address`/datasets/${dataset.id}`}
    >
      <div class="card">
        <SelectField
          label={t("Target")}
          hint={t("The column that models predict unless a training says otherwise.")}
          value={draft.target}
          onValue={(target) => setDraft({ ...draft, target })}
          options={[["", "none"], ...features.map(({ name }) => [name, name] as const)]}
          error={at("/target")}
        />
      </div>
      {features.map((feature) => (
        <ColumnFields
          key={feature.name}
          feature={feature}
          column={draft.columns[feature.name] ?? EMPTY}
          isTarget={feature.name === draft.target}
          onChange={(change) => setDraft(withColumn(draft, feature.name, change))}
          at={(field) => at(`/features/${feature.name}/${field}`)}
        />
      ))}
    </Form>
  );
}

const EMPTY: ColumnDraft = { unit: "", description: "", monotone: "", protected: false, changeable: true };

interface ColumnFieldsProps {
  feature: Feature;
  column: ColumnDraft;
  isTarget: boolean;
  onChange: (change: Partial<ColumnDraft>) => void;
  at: (field: string) => string | undefined;
}

function ColumnFields({ feature, column, isTarget, onChange, at }: ColumnFieldsProps) {
  const { name, kind } = feature;
  return (
    <fieldset class="card column">
      <legend>
        {name} <span class="hint">{isTarget ? t("{0}, the target", kind) : kind}</span>
      </legend>
      <p class="hint">{feature.categories.length > 0 ? categoriesOf(feature) : feature.reason}</p>
      <div class="field-row">
        <TextField
          label={t("Unit of {0}", name)}
          value={column.unit}
          onValue={(unit) => onChange({ unit })}
          error={at("unit")}
          input={{ maxLength: 200 }}
        />
        <TextField
          label={t("Description of {0}", name)}
          value={column.description}
          onValue={(description) => onChange({ description })}
          error={at("description")}
        />
        {kind === "numeric" && !isTarget && (
          <SelectField
            label={t("When {0} rises, the target", name)}
            hint={t("Trainings keep to it, and certificates prove it.")}
            value={column.monotone}
            onValue={(monotone) => onChange({ monotone: monotone as ColumnDraft["monotone"] })}
            options={[
              ["", t("may go either way")],
              ["increasing", t("rises or stays")],
              ["decreasing", t("falls or stays")],
            ]}
            error={at("monotone")}
          />
        )}
        {!isTarget && <Marks name={name} column={column} onChange={onChange} />}
      </div>
    </fieldset>
  );
}

function Marks({ name, column, onChange }: Pick<ColumnFieldsProps, "column" | "onChange"> & { name: string }) {
  return (
    <div class="marks">
      <label class="check">
        <input
          type="checkbox"
          checked={column.protected}
          onChange={(event) => onChange({ protected: event.currentTarget.checked })}
        />
        <span>
          {tx("{0}protected: never an input", <span class="visually-hidden">{tx("{0} is ", name)}</span>)}
        </span>
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={!column.changeable}
          onChange={(event) => onChange({ changeable: !event.currentTarget.checked })}
        />
        <span>
          {tx(
            "{0}cannot be changed by the person: no counterfactual does",
            <span class="visually-hidden">{name} </span>,
          )}
        </span>
      </label>
    </div>
  );
}

const SHOWN_CATEGORIES = 12;

function categoriesOf({ categories }: Feature): string {
  const shown = categories.slice(0, SHOWN_CATEGORIES).map(({ value }) => value);
  const more = categories.length - shown.length;
  return `${plural(categories.length, "category", "categories")}: ${shown.join(", ")}${more > 0 ? t(", and {0} more", more) : ""}.`;
}
