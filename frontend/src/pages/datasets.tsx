// All snapshots, and the upload of a new one: drop a file or choose it.
import { useState } from "preact/hooks";

import { createDataset, listDatasets } from "../api/operations";
import type { Dataset } from "../api/types";
import { Digest } from "../components/digest";
import { Field, TextField } from "../components/field";
import { Form } from "../components/form";
import { LoadedPages } from "../components/loaded";
import { PageFrame, Section } from "../components/page";
import { Table, type Column } from "../components/table";
import { count, moment } from "../format";
import { useAction, usePages } from "../resource";
import { address, navigate } from "../router";
import { may } from "../session";

const COLUMNS: readonly Column<Dataset>[] = [
  {
    title: "Dataset",
    cell: (dataset) => (
      <a class="strong" href={address`/datasets/${dataset.id}`}>
        {dataset.name}
      </a>
    ),
  },
  { title: "Rows", numeric: true, cell: (dataset) => count(dataset.rows) },
  { title: "Columns", numeric: true, cell: (dataset) => dataset.feature_schema.features.length },
  { title: "Target", cell: (dataset) => dataset.feature_schema.target ?? "–" },
  { title: "Digest", cell: (dataset) => <Digest digest={dataset.digest} /> },
  { title: "Uploaded", cell: (dataset) => moment(dataset.created_at) },
  { title: "By", cell: (dataset) => dataset.created_by },
];

export function DatasetsPage() {
  const datasets = usePages("datasets", listDatasets);
  return (
    <PageFrame
      title="Datasets"
      lead="Snapshots that never change: a version always names the exact rows it was trained on."
    >
      {may("create_dataset") && (
        <Section title="Upload a table">
          <UploadForm />
        </Section>
      )}
      <Section title="Snapshots">
        <LoadedPages pages={datasets} empty={<p>No table has been uploaded yet.</p>}>
          {(items) => (
            <Table caption="Datasets" columns={COLUMNS} rows={items} rowKey={(dataset) => dataset.id} />
          )}
        </LoadedPages>
      </Section>
    </PageFrame>
  );
}

function UploadForm() {
  const [file, setFile] = useState<File | null>(null);
  const [name, setName] = useState("");
  const [target, setTarget] = useState("");
  const upload = useAction(async () => {
    if (!file) return;
    const form = new FormData();
    form.set("name", name);
    form.set("file", file);
    if (target) form.set("schema", JSON.stringify({ target }));
    const dataset = await createDataset(form);
    navigate(address`/datasets/${dataset.id}`);
  });
  const choose = (chosen: File | undefined): void => {
    if (!chosen) return;
    setFile(chosen);
    if (!name) setName(chosen.name.replace(/\.(csv|parquet)$/i, ""));
  };
  return (
    <Form
      action={upload}
      card
      shownAt={["/name", "/file", "/schema/target"]}
      submit="Upload"
      busy="Uploading…"
      disabled={!file}
    >
      <DropArea file={file} onFile={choose} error={upload.problem?.at("/file")} />
      <div class="field-row">
        <TextField
          label="Name"
          value={name}
          onValue={setName}
          error={upload.problem?.at("/name")}
          input={{ required: true, maxLength: 200 }}
        />
        <TextField
          label="Target column (optional)"
          hint="The column that models will predict; it can also be chosen at each training."
          value={target}
          onValue={setTarget}
          error={upload.problem?.at("/schema/target")}
        />
      </div>
    </Form>
  );
}

interface DropAreaProps {
  file: File | null;
  onFile: (file: File | undefined) => void;
  error: string | undefined;
}

function DropArea({ file, onFile, error }: DropAreaProps) {
  const [over, setOver] = useState(false);
  return (
    <div
      class={over ? "drop-area over" : "drop-area"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        onFile(event.dataTransfer?.files[0]);
      }}
    >
      <Field
        label="Table as CSV (one header row, UTF-8) or Parquet"
        hint={
          file
            ? `${file.name}, ${count(Math.ceil(file.size / 1024))} KiB`
            : "Drop a file here, or choose one."
        }
        error={error}
      >
        {(tie) => (
          <input
            {...tie}
            type="file"
            accept=".csv,text/csv,.parquet"
            onChange={(event) => onFile(event.currentTarget.files?.[0])}
          />
        )}
      </Field>
    </div>
  );
}
