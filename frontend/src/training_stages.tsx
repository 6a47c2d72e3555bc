// What the stages of a training came to, as the version's file records it.
import type { TrainingStage } from "./api/types";
import { Table, type Column } from "./components/table";
import { number } from "./format";
import { t } from "./messages";
import { optimizerName } from "./training_words";

const COLUMNS: readonly Column<TrainingStage>[] = [
  { title: t("Stage"), cell: (stage) => stage.stage },
  { title: t("Optimiser"), cell: (stage) => (stage.optimizer ? optimizerName(stage.optimizer) : "–") },
  { title: t("Steps"), numeric: true, cell: (stage) => stage.steps },
  { title: t("Kept step"), numeric: true, cell: (stage) => stage.kept_step },
  { title: t("Active edges"), numeric: true, cell: (stage) => stage.active_edges },
  { title: t("Dispersion"), numeric: true, cell: (stage) => number(stage.dispersion) },
  { title: t("Degrees of freedom"), numeric: true, cell: (stage) => number(stage.degrees_of_freedom) },
  {
    title: t("Loss before → after"),
    numeric: true,
    cell: ({ loss_before: before, loss_after: after }) =>
      typeof before === "number" ? `${number(before)} → ${number(after)}` : "–",
  },
];

export function TrainingStages({ stages }: { stages: readonly TrainingStage[] }) {
  return (
    <Table
      caption={t("Stages of the training")}
      columns={COLUMNS}
      rows={stages}
      rowKey={(stage) => stages.indexOf(stage)}
    />
  );
}
