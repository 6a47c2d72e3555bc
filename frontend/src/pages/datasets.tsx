// All snapshots, and the upload of a new one: drop a file or choose it.
import { listDatasets } from "../api/operations";
import type { Dataset } from "../api/types";
import { Digest } from "../components/digest";
import { LoadedPages } from "../components/loaded";
import { PageFrame, Section } from "../components/page";
import { Table, type Column } from "../components/table";
import { count, moment } from "../format";
import { t } from "../messages";
import { usePages } from "../resource";
import { address } from "../router";
import { may } from "../session";
import { UploadForm } from "../upload_form";

const COLUMNS: readonly Column<Dataset>[] = [
  {
    title: t("Dataset"),
    cell: (dataset) => (
      <a class="strong" href={address`/datasets/${dataset.id}`}>
        {dataset.name}
      </a>
    ),
  },
  { title: t("Rows"), numeric: true, cell: (dataset) => count(dataset.rows) },
  { title: t("Columns"), numeric: true, cell: (dataset) => dataset.feature_schema.features.length },
  { title: t("Target"), cell: (dataset) => dataset.feature_schema.target ?? "–" },
  { title: t("Digest"), cell: (dataset) => <Digest digest={dataset.digest} /> },
  { title: t("Uploaded"), cell: (dataset) => moment(dataset.created_at) },
  { title: t("By"), cell: (dataset) => dataset.created_by },
];

export function DatasetsPage() {
  const datasets = usePages("datasets", listDatasets);
  return (
    <PageFrame
      title={t("Datasets")}
      lead={t("Snapshots that never change: a version always names the exact rows it was trained on.")}
    >
      {may("create_dataset") && (
        <Section title={t("Upload a table")}>
          <UploadForm />
        </Section>
      )}
      <Section title={t("Snapshots")}>
        <LoadedPages pages={datasets} empty={<p>{t("No table has been uploaded yet.")}</p>}>
          {(items) => (
            <Table caption={t("Datasets")} columns={COLUMNS} rows={items} rowKey={(dataset) => dataset.id} />
          )}
        </LoadedPages>
      </Section>
    </PageFrame>
  );
}
