// Training a version: which dataset, which target, which inputs, how large.
import { useState } from "preact/hooks";

import { createTrainingJob, listDatasets } from "../api/operations";
import type { Dataset, Feature } from "../api/types";
import { SelectField, TextField } from "../components/field";
import { Form } from "../components/form";
import { LoadedPages } from "../components/loaded";
import { PageFrame } from "../components/page";
import { DirectionChoice } from "../direction_choice";
import { useAction, usePages } from "../resource";
import { address, navigate } from "../router";
import {
  aimedAt,
  configurationOf,
  draftFor,
  outcomesOf,
  turned,
  usableInputs,
  type TrainingDraft,
} from "../training_draft";
import { TrainingSettings } from "../training_settings";

const SHOWN_AT = [
  "/dataset_id",
  "/message",
  ...[
    "target",
    "positive_class",
    "inputs",
    "hidden",
    "grid_size",
    "degree",
    "monotone",
    "optimizer",
    "steps",
    "tolerance",
    "maximum_edges",
    "formula_tolerance",
    "test_fraction",
  ].map((field) => `/configuration/${field}`),
  "/configuration/seed",
  "/target",
  "/inputs",
  "/monotone",
  "/positive_class",
];

export function TrainPage({ model }: { model: string }) {
  const datasets = usePages("datasets", listDatasets);
  return (
    <PageFrame
      title="Train a version"
      trail={[
        ["Models", "/models"],
        [model, address`/models/${model}`],
      ]}
    >
      <LoadedPages
        pages={datasets}
        empty={
          <p>
            There is no dataset yet. <a href="/datasets">Upload a table</a> first.
          </p>
        }
      >
        {(items) => <TrainForm model={model} datasets={items} />}
      </LoadedPages>
    </PageFrame>
  );
}

function TrainForm({ model, datasets }: { model: string; datasets: readonly Dataset[] }) {
  const [datasetId, setDatasetId] = useState(datasets[0]?.id ?? "");
  const dataset = datasets.find((item) => item.id === datasetId);
  const features = dataset?.feature_schema.features ?? [];
  const [draft, setDraft] = useState<TrainingDraft>(() => draftFor(dataset));
  const start = useAction(async () => {
    const { message } = draft;
    const configuration = configurationOf(draft, features);
    const job = await createTrainingJob({ model, dataset_id: datasetId, configuration, message, priority: 0 });
    navigate(address`/training-jobs/${job.id}`);
  });
  const at = (field: string): string | undefined =>
    start.problem?.at(`/configuration/${field}`) ?? start.problem?.at(`/${field}`);
  const set = (changes: Partial<TrainingDraft>): void => setDraft({ ...draft, ...changes });
  return (
    <Form
      action={start}
      card
      shownAt={SHOWN_AT}
      submit="Start training"
      busy="Starting…"
      cancel={address`/models/${model}`}
    >
      <div class="field-row">
        <SelectField
          label="Dataset"
          value={datasetId}
          onValue={(id) => {
            setDatasetId(id);
            setDraft({ ...draftFor(datasets.find((item) => item.id === id)), message: draft.message });
          }}
          options={datasets.map((item) => [item.id, `${item.name} (${item.rows} rows)`])}
          error={at("dataset_id")}
        />
        <TargetChoice dataset={dataset} features={features} draft={draft} set={set} at={at} />
      </div>
      <InputChoice features={features} draft={draft} set={set} at={at} />
      <DirectionChoice features={features} draft={draft} set={set} at={at} />
      <TrainingSettings draft={draft} set={set} at={at} />
      <TextField
        label="Message"
        hint="What is new in this version, for those who review it."
        value={draft.message}
        onValue={(message) => set({ message })}
        error={at("message")}
      />
    </Form>
  );
}

interface ChoiceProps {
  features: readonly Feature[];
  draft: TrainingDraft;
  set: (changes: Partial<TrainingDraft>) => void;
  at: (field: string) => string | undefined;
}

function TargetChoice({ dataset, features, draft, set, at }: ChoiceProps & { dataset: Dataset | undefined }) {
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
        label="Target"
        hint="The column that the version predicts."
        value={draft.target}
        onValue={(name) => set(aimedAt(dataset, name))}
        options={draft.target === "" ? [["", "Choose a column"], ...columns] : columns}
        required
        error={at("target")}
      />
      {outcomes.length === 2 && (
        <SelectField
          label="Outcome"
          hint="The model gives the probability of this one."
          value={draft.positiveClass}
          onValue={choose}
          options={[
            ["", "The last in alphabetical order"],
            ...outcomes.map((value) => [value, value] as const),
          ]}
          error={at("positive_class")}
        />
      )}
    </>
  );
}

function InputChoice({ features, draft, set, at }: ChoiceProps) {
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
      <legend>
        Inputs: {draft.inputs.length} of {offered.length}
      </legend>
      {error && <p class="field-error">{error}</p>}
      <div class="form-actions">
        <button
          type="button"
          class="button"
          onClick={() => set({ inputs: usableInputs(features, draft.target) })}
        >
          All usable
        </button>
        <button type="button" class="button" onClick={() => set({ inputs: [] })}>
          None
        </button>
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
              {feature.protected && <span class="hint"> (protected: never an input)</span>}
              {feature.identifier && <span class="hint"> (names the rows)</span>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
