// What the stages of a training came to, as the version's file records it.
import type { TrainingStage } from "./api/types";
import { Table, type Column } from "./components/table";
import { number } from "./format";
import { optimizerName } from "./training_words";

const COLUMNS: readonly Column<TrainingStage>[] = [
  { title: "Stage", cell: (stage) => stage.stage },
  { title: "Optimiser", cell: (stage) => (stage.optimizer ? optimizerName(stage.optimizer) : "–") },
  { title: "Steps", numeric: true, cell: (stage) => stage.steps },
  { title: "Kept step", numeric: true, cell: (stage) => stage.kept_step },
  { title: "Active edges", numeric: true, cell: (stage) => stage.active_edges },
  { title: "Dispersion", numeric: true, cell: (stage) => number(stage.dispersion) },
  { title: "Degrees of freedom", numeric: true, cell: (stage) => number(stage.degrees_of_freedom) },
  {
    title: "Loss before → after",
    numeric: true,
    cell: ({ loss_before: before, loss_after: after }) =>
      typeof before === "number" ? `${number(before)} → ${number(after)}` : "–",
  },
];

export function TrainingStages({ stages }: { stages: readonly TrainingStage[] }) {
  return (
    <Table
      caption="Stages of the training"
      columns={COLUMNS}
      rows={stages}
      rowKey={(stage) => stages.indexOf(stage)}
    />
  );
}
