// What changes would do: loss and measures before and after, how far the answers move, the changed curves.
import { previewRevision } from "../api/operations";
import type { Change, RevisionPreview } from "../api/types";
import { EdgeOverlayChart } from "../charts/edge_overlay";
import { Loaded } from "../components/loaded";
import { Facts } from "../components/page";
import { Table } from "../components/table";
import { metricName, number, plural } from "../format";
import { t, tx } from "../messages";
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
    { name: t("Training loss"), before: before.loss, changed: changed?.loss, after: after.loss },
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
        caption={t("Before, changed, and after a short refit")}
        narrow="scroll"
        rows={measures}
        rowKey={(row) => row.name}
        columns={[
          { title: t("Measure"), cell: (row) => row.name },
          { title: t("Before"), numeric: true, cell: (row) => number(row.before) },
          { title: t("Changed"), numeric: true, cell: (row) => number(row.changed) },
          { title: t("Refitted"), numeric: true, cell: (row) => number(row.after) },
        ]}
      />
      <Facts
        facts={[
          [t("Answers move by (RMS)"), number(agreement.rmse)],
          [t("at most"), number(agreement.largest)],
          ...(agreement.flipped === null
            ? []
            : [[t("Decisions that differ"), `${number(100 * agreement.flipped)} %`] as const]),
          [t("Active edges"), preview.active_edges],
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
        {tx(
          "A preview refits on {0} in a few steps; the job uses all of them.",
          plural(preview.training_rows, "row"),
        )}
      </p>
    </>
  );
}
