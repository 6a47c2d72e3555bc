// A sweep: lists of values for some settings, one training for each combination.
import { useState } from "preact/hooks";

import { createSweep } from "../api/operations";
import type { Dataset } from "../api/types";
import { TextField } from "../components/field";
import { Form } from "../components/form";
import { plural } from "../format";
import { t } from "../messages";
import { useAction } from "../resource";
import { address, navigate } from "../router";
import { combinationsOf, EMPTY_SWEEP, gridOf, SWEEP_LISTS } from "../sweep_draft";
import { InputChoice, TargetChoice } from "../training_choices";
import { configurationOf } from "../training_draft";
import { DatasetField, TrainingPage, useChosenDataset } from "../training_pages";

const SHOWN_AT = [
  "/dataset_id",
  "/message",
  ...["target", "positive_class", "inputs"].flatMap((field) => [`/configuration/${field}`, `/${field}`]),
  ...SWEEP_LISTS.map(({ field }) => `/grid/${field}`),
];

export function NewSweepPage({ model }: { model: string }) {
  return (
    <TrainingPage
      model={model}
      title={t("Sweep settings")}
      lead={t("One training for every combination of the values listed; all results are kept as versions.")}
    >
      {(datasets) => <SweepForm model={model} datasets={datasets} />}
    </TrainingPage>
  );
}

function SweepForm({ model, datasets }: { model: string; datasets: readonly Dataset[] }) {
  const chosen = useChosenDataset(datasets);
  const { dataset, features, draft, set } = chosen;
  const [lists, setLists] = useState(EMPTY_SWEEP);
  const grid = gridOf(lists);
  const start = useAction(async () => {
    const { message } = draft;
    const configuration = configurationOf(draft, features);
    const sweep = await createSweep({ model, dataset_id: chosen.id, configuration, grid, message, priority: 0 });
    navigate(address`/sweeps/${sweep.id}`);
  });
  const at = (field: string): string | undefined =>
    start.problem?.at(`/configuration/${field}`) ?? start.problem?.at(`/${field}`);
  return (
    <Form
      action={start}
      card
      shownAt={SHOWN_AT}
      submit={t("Start {0}", plural(combinationsOf(grid), "training"))}
      busy={t("Starting…")}
      cancel={address`/models/${model}`}
    >
      <div class="field-row">
        <DatasetField datasets={datasets} chosen={chosen} error={at("dataset_id")} />
        <TargetChoice dataset={dataset} features={features} draft={draft} set={set} at={at} />
      </div>
      <InputChoice features={features} draft={draft} set={set} at={at} />
      <fieldset>
        <legend>{t("Values to combine")}</legend>
        <p class="hint">{t("A setting that is left empty keeps the default of a training.")}</p>
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
        label={t("Message")}
        hint={t("What the sweep is to find out; every version carries it.")}
        value={draft.message}
        onValue={(message) => set({ message })}
        error={at("message")}
      />
    </Form>
  );
}
