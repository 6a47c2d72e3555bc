// Training a version: which dataset, which target, which inputs, how large.
import { useState } from "preact/hooks";

import { createTrainingJob, listDatasets } from "../api/operations";
import type { Dataset } from "../api/types";
import { SelectField, TextField } from "../components/field";
import { Form } from "../components/form";
import { LoadedPages } from "../components/loaded";
import { PageFrame } from "../components/page";
import { DirectionChoice } from "../direction_choice";
import { useAction, usePages } from "../resource";
import { address, navigate } from "../router";
import { InputChoice, TargetChoice } from "../training_choices";
import { configurationOf, draftFor, type TrainingDraft } from "../training_draft";
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
