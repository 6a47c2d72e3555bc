// All decision records, newest first: of one model where the address names it, or one by its identifier.
import { useState } from "preact/hooks";

import { listModels, listPredictions } from "../api/operations";
import type { PredictionSummary } from "../api/types";
import { SelectField, TextField } from "../components/field";
import { LoadedPages } from "../components/loaded";
import { PageFrame } from "../components/page";
import { Table, type Column } from "../components/table";
import { moment } from "../format";
import { summaryText } from "../prediction/answer";
import { usePages } from "../resource";
import { address, currentLocation, navigate, setQuery } from "../router";

export function PredictionsPage() {
  const model = currentLocation.value.query.get("model");
  const records = usePages(model ?? "", (cursor, signal) => listPredictions(model, cursor, signal));
  return (
    <PageFrame
      title="Decisions"
      lead="Every prediction that was answered, with its explanation: each can be looked up, explained and replayed."
    >
      <div class="filters card">
        <ModelFilter model={model} />
        <OpenById />
      </div>
      <LoadedPages
        pages={records}
        empty={
          <>
            <p class="strong">No prediction has been made yet.</p>
            <p>
              Open a version of a <a href="/models">model</a> and try values, or call the API with a key.
            </p>
          </>
        }
      >
        {(items) => <DecisionTable records={items} withModel />}
      </LoadedPages>
    </PageFrame>
  );
}

function ModelFilter({ model }: { model: string | null }) {
  const models = usePages("models", listModels);
  const names = (models.data ?? []).map(({ name }) => name);
  const offered = model && !names.includes(model) ? [model, ...names] : names;
  return (
    <SelectField
      label="Model"
      value={model ?? ""}
      onValue={(name) => setQuery({ model: name || null })}
      options={[["", "All models"], ...offered.map((name) => [name, name] as const)]}
    />
  );
}

function OpenById() {
  const [id, setId] = useState("");
  return (
    <form
      class="filter-open"
      onSubmit={(event) => {
        event.preventDefault();
        navigate(address`/predictions/${id.trim()}`);
      }}
    >
      <TextField
        label="Identifier of a record"
        value={id}
        onValue={setId}
        input={{ required: true, pattern: "\\s*[0-9a-f\\-]{36}\\s*", spellcheck: false }}
      />
      <button type="submit" class="button">
        Open
      </button>
    </form>
  );
}

const MODEL: Column<PredictionSummary> = {
  title: "Model",
  cell: (record) => <a href={address`/models/${record.model}`}>{record.model}</a>,
};

const COLUMNS: readonly Column<PredictionSummary>[] = [
  {
    title: "Record",
    cell: (record) => (
      <a href={address`/predictions/${record.id}`}>
        <code>{record.id}</code>
      </a>
    ),
  },
  {
    title: "Version",
    cell: (record) => (
      <>
        {record.version} {record.trial && <span class="badge badge-warn">trial</span>}
      </>
    ),
  },
  { title: "Answer", numeric: true, cell: summaryText },
  { title: "Made", cell: (record) => moment(record.created_at) },
  { title: "By", cell: (record) => record.created_by },
];

export function DecisionTable({
  records,
  withModel = false,
}: {
  records: readonly PredictionSummary[];
  withModel?: boolean;
}) {
  const columns = withModel ? [...COLUMNS.slice(0, 1), MODEL, ...COLUMNS.slice(1)] : COLUMNS;
  return <Table caption="Decision records" columns={columns} rows={records} rowKey={(record) => record.id} />;
}
