// A sweep: lists of values for some settings, one training for each combination.
import { useState } from "preact/hooks";

import { createSweep, listDatasets } from "../api/operations";
import type { Dataset } from "../api/types";
import { SelectField, TextField } from "../components/field";
import { Form } from "../components/form";
import { LoadedPages } from "../components/loaded";
import { PageFrame } from "../components/page";
import { plural } from "../format";
import { useAction, usePages } from "../resource";
import { address, navigate } from "../router";
import { combinationsOf, EMPTY_SWEEP, gridOf, SWEEP_LISTS } from "../sweep_draft";
import { InputChoice, TargetChoice } from "../training_choices";
import { configurationOf, draftFor, type TrainingDraft } from "../training_draft";

const SHOWN_AT = [
  "/dataset_id",
  "/message",
  ...["target", "positive_class", "inputs"].flatMap((field) => [`/configuration/${field}`, `/${field}`]),
  ...SWEEP_LISTS.map(({ field }) => `/grid/${field}`),
];

export function NewSweepPage({ model }: { model: string }) {
  const datasets = usePages("datasets", listDatasets);
  return (
    <PageFrame
      title="Sweep settings"
      lead="One training for every combination of the values listed; all results are kept as versions."
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
        {(items) => <SweepForm model={model} datasets={items} />}
      </LoadedPages>
    </PageFrame>
  );
}

function SweepForm({ model, datasets }: { model: string; datasets: readonly Dataset[] }) {
  const [datasetId, setDatasetId] = useState(datasets[0]?.id ?? "");
  const dataset = datasets.find((item) => item.id === datasetId);
  const features = dataset?.feature_schema.features ?? [];
  const [draft, setDraft] = useState<TrainingDraft>(() => draftFor(dataset));
  const [lists, setLists] = useState(EMPTY_SWEEP);
  const grid = gridOf(lists);
  const start = useAction(async () => {
    const { message } = draft;
    const configuration = configurationOf(draft, features);
    const sweep = await createSweep({ model, dataset_id: datasetId, configuration, grid, message, priority: 0 });
    navigate(address`/sweeps/${sweep.id}`);
  });
  const at = (field: string): string | undefined =>
    start.problem?.at(`/configuration/${field}`) ?? start.problem?.at(`/${field}`);
  const set = (changes: Partial<TrainingDraft>): void => setDraft({ ...draft, ...changes });
  return (
    <Form
      action={start}
      card
      shownAt={SHOWN_AT}
      submit={`Start ${plural(combinationsOf(grid), "training")}`}
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
      <fieldset>
        <legend>Values to combine</legend>
        <p class="hint">A setting that is left empty keeps the default of a training.</p>
        <div class="field-grid">
          {SWEEP_LISTS.map(({ field, label, hint, pattern }) => (
            <TextField
              key={field}
              label={label}
              hint={hint}
              value={lists[field]}
              onValue={(value) => setLists({ ...lists, [field]: value })}
              error={start.problem?.at(`/grid/${field}`)}
              input={{ pattern }}
            />
          ))}
        </div>
      </fieldset>
      <TextField
        label="Message"
        hint="What the sweep is to find out; every version carries it."
        value={draft.message}
        onValue={(message) => set({ message })}
        error={at("message")}
      />
    </Form>
  );
}
