// What the pages share on which trainings are asked for: the datasets, one of them, and the draft on it.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { listDatasets } from "./api/operations";
import type { Dataset, Feature } from "./api/types";
import { SelectField } from "./components/field";
import { LoadedPages } from "./components/loaded";
import { PageFrame } from "./components/page";
import { t, tx } from "./messages";
import { usePages } from "./resource";
import { address } from "./router";
import { draftFor, type TrainingDraft } from "./training_draft";

interface TrainingPageProps {
  model: string;
  title: string;
  lead?: string;
  children: (datasets: readonly Dataset[]) => ComponentChildren;
}

/** A page below a model that needs a dataset. */
export function TrainingPage({ model, title, lead, children }: TrainingPageProps) {
  const datasets = usePages("datasets", listDatasets);
  return (
    <PageFrame
      title={title}
      lead={lead}
      trail={[
        [t("Models"), "/models"],
        [model, address`/models/${model}`],
      ]}
    >
      <LoadedPages
        pages={datasets}
        empty={
          <p>{tx("There is no dataset yet. {0} first.", <a href="/datasets">{t("Upload a table")}</a>)}</p>
        }
      >
        {children}
      </LoadedPages>
    </PageFrame>
  );
}

export interface ChosenDataset {
  id: string;
  dataset: Dataset | undefined;
  features: readonly Feature[];
  draft: TrainingDraft;
  set: (changes: Partial<TrainingDraft>) => void;
  choose: (id: string) => void;
}

/** The dataset that is chosen, at first the newest, and what is to be trained on it. */
export function useChosenDataset(datasets: readonly Dataset[]): ChosenDataset {
  const [id, setId] = useState(datasets[0]?.id ?? "");
  const find = (wanted: string): Dataset | undefined => datasets.find((item) => item.id === wanted);
  const dataset = find(id);
  const [draft, setDraft] = useState<TrainingDraft>(() => draftFor(dataset));
  return {
    id,
    dataset,
    features: dataset?.feature_schema.features ?? [],
    draft,
    set: (changes) => setDraft({ ...draft, ...changes }),
    choose: (other) => {
      setId(other);
      setDraft({ ...draftFor(find(other)), message: draft.message });
    },
  };
}

interface DatasetFieldProps {
  datasets: readonly Dataset[];
  chosen: ChosenDataset;
  error: string | undefined;
}

export function DatasetField({ datasets, chosen, error }: DatasetFieldProps) {
  return (
    <SelectField
      label={t("Dataset")}
      value={chosen.id}
      onValue={chosen.choose}
      options={datasets.map((item) => [item.id, t("{0} ({1} rows)", item.name, item.rows)])}
      error={error}
    />
  );
}
