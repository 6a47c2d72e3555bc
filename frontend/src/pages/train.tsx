// Training a version: which dataset, which target, which inputs, how large.
import { createTrainingJob } from "../api/operations";
import type { Dataset } from "../api/types";
import { TextField } from "../components/field";
import { Form } from "../components/form";
import { DirectionChoice } from "../direction_choice";
import { t } from "../messages";
import { useAction } from "../resource";
import { address, navigate } from "../router";
import { InputChoice, TargetChoice } from "../training_choices";
import { configurationOf } from "../training_draft";
import { DatasetField, TrainingPage, useChosenDataset } from "../training_pages";
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
  return (
    <TrainingPage model={model} title={t("Train a version")}>
      {(datasets) => <TrainForm model={model} datasets={datasets} />}
    </TrainingPage>
  );
}

function TrainForm({ model, datasets }: { model: string; datasets: readonly Dataset[] }) {
  const chosen = useChosenDataset(datasets);
  const { dataset, features, draft, set } = chosen;
  const start = useAction(async () => {
    const { message } = draft;
    const configuration = configurationOf(draft, features);
    const job = await createTrainingJob({ model, dataset_id: chosen.id, configuration, message, priority: 0 });
    navigate(address`/training-jobs/${job.id}`);
  });
  const at = (field: string): string | undefined =>
    start.problem?.at(`/configuration/${field}`) ?? start.problem?.at(`/${field}`);
  return (
    <Form
      action={start}
      card
      shownAt={SHOWN_AT}
      submit={t("Start training")}
      busy={t("Starting…")}
      cancel={address`/models/${model}`}
    >
      <div class="field-row">
        <DatasetField datasets={datasets} chosen={chosen} error={at("dataset_id")} />
        <TargetChoice dataset={dataset} features={features} draft={draft} set={set} at={at} />
      </div>
      <InputChoice features={features} draft={draft} set={set} at={at} />
      <DirectionChoice features={features} draft={draft} set={set} at={at} />
      <TrainingSettings draft={draft} set={set} at={at} />
      <TextField
        label={t("Message")}
        hint={t("What is new in this version, for those who review it.")}
        value={draft.message}
        onValue={(message) => set({ message })}
        error={at("message")}
      />
    </Form>
  );
}
