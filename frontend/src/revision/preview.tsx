// What changes would do: loss and measures before and after, how far the answers move, the changed curves.
import { previewRevision } from "../api/operations";
import type { Change, RevisionPreview } from "../api/types";
import { EdgeOverlayChart } from "../charts/edge_overlay";
import { Loaded } from "../components/loaded";
import { Facts } from "../components/page";
import { Table } from "../components/table";
import { metricName, number, plural } from "../format";
import { useResource } from "../resource";

interface PreviewProps {
  model: string;
  version: number;
  changes: readonly Change[];
}

export function Preview({ model, version, changes }: PreviewProps) {
  const preview = useResource(`${model}/${version}/${JSON.stringify(changes)}`, (signal) =>
    previewRevision(model, version, { changes: [...changes] }, signal),
  );
  return (
    <div aria-live="polite">
      <Loaded resource={preview} rows={4}>
        {(data) => <PreviewDetails preview={data} />}
      </Loaded>
    </div>
  );
}

function PreviewDetails({ preview }: { preview: RevisionPreview }) {
  const { before, changed, after, agreement } = preview;
  const measures = [
    { name: "Training loss", before: before.loss, changed: changed?.loss, after: after.loss },
    ...before.metrics.map((metric, index) => ({
      name: metricName(metric.name),
      before: metric.value,
      changed: changed?.metrics[index]?.value,
      after: after.metrics[index]?.value,
    })),
  ];
  return (
    <>
      <Table
        caption="Before, changed, and after a short refit"
        narrow="scroll"
        rows={measures}
        rowKey={(row) => row.name}
        columns={[
          { title: "Measure", cell: (row) => row.name },
          { title: "Before", numeric: true, cell: (row) => number(row.before) },
          { title: "Changed", numeric: true, cell: (row) => number(row.changed) },
          { title: "Refitted", numeric: true, cell: (row) => number(row.after) },
        ]}
      />
      <Facts
        facts={[
          ["Answers move by (RMS)", number(agreement.rmse)],
          ["at most", number(agreement.largest)],
          ...(agreement.flipped === null
            ? []
            : [["Decisions that differ", `${number(100 * agreement.flipped)} %`] as const]),
          ["Active edges", preview.active_edges],
        ]}
      />
      {preview.edges.map((edge) => (
        <section key={edge.edge}>
          <h4>
            {edge.source} → {edge.target}
          </h4>
          <p>
            <code>{edge.text_after}</code>
          </p>
          <EdgeOverlayChart edge={edge} />
        </section>
      ))}
      <p class="hint">
        A preview refits on {plural(preview.training_rows, "row")} in a few steps; the job uses all of them.
      </p>
    </>
  );
}
