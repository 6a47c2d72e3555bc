// All decision records, newest first: found by model, version, caller, outcome and day, or one by its identifier.
import { useState } from "preact/hooks";

import { createReplayJob, predictionsExportAddress } from "../api/in_use";
import { listModels, listPredictions } from "../api/operations";
import type { PredictionSearch, PredictionSummary } from "../api/types";
import { ActionButton } from "../components/action_button";
import { SelectField, TextField } from "../components/field";
import { LoadedPages } from "../components/loaded";
import { PageFrame } from "../components/page";
import { QueryDays, QueryText } from "../components/query_fields";
import { Table, type Column } from "../components/table";
import { moment, plural } from "../format";
import { t, tx } from "../messages";
import { summaryText } from "../prediction/answer";
import { spanIn, textsIn } from "../query_filter";
import { usePages } from "../resource";
import { address, currentLocation, navigate, setQuery } from "../router";
import { may } from "../session";

const TEXTS = ["model", "version", "caller", "outcome"] as const;

/** What the address narrows the records to; days are those of the reader's clock. */
export function searchOf(query: URLSearchParams): PredictionSearch {
  const { version, ...texts } = textsIn(query, TEXTS);
  const number = Number(version);
  return { ...texts, ...(Number.isInteger(number) && number > 0 ? { version: number } : {}), ...spanIn(query) };
}

export function PredictionsPage() {
  const search = searchOf(currentLocation.value.query);
  const records = usePages(JSON.stringify(search), (cursor, signal) => listPredictions({ ...search, limit: 25 }, cursor, signal));
  const isNarrowed = Object.keys(search).length > 0;
  return (
    <PageFrame
      title={t("Decisions")}
      lead={t("Every prediction that was answered, with its explanation: each can be looked up, explained and replayed.")}
      actions={<Actions search={search} />}
    >
      <Search />
      <LoadedPages pages={records} empty={isNarrowed ? <NothingFound /> : <NothingYet />}>
        {(items) => (
          <>
            <DecisionTable records={items} withModel />
            <p class="hint count">
              {records.more ? t("The newest {0} of more", plural(items.length, "record")) : plural(items.length, "record")}
            </p>
          </>
        )}
      </LoadedPages>
    </PageFrame>
  );
}

/** What can be done with all records that the address finds. */
function Actions({ search }: { search: PredictionSearch }) {
  const { model, ...rest } = search;
  return (
    <>
      {may("export_predictions") && (
        <>
          <a class="button" href={predictionsExportAddress(search, "jsonl")} download>{t("Export as JSON lines")}</a>
          <a class="button" href={predictionsExportAddress(search, "parquet")} download>{t("Export as Parquet")}</a>
        </>
      )}
      {may("create_replay_job") && model && (
        <ActionButton
          text={t("Replay them all")}
          busy={t("Requesting…")}
          act={async () => navigate(address`/replay-jobs/${(await createReplayJob(model, rest)).job.id}`)}
        />
      )}
    </>
  );
}

function Search() {
  return (
    <div class="filters card" role="search" aria-label={t("Find decisions")}>
      <ModelFilter />
      <VersionFilter />
      <QueryText name="caller" label={t("Asked by")} hint={t("A sign-in name; records by key count for its owner.")} />
      <QueryText name="outcome" label={t("Outcome")} hint={t("As the record says it, for example yes.")} />
      <QueryDays />
      <OpenById />
    </div>
  );
}

function NothingFound() {
  return (
    <>
      <p class="strong">{t("No record matches.")}</p>
      <p>
        <a href="/predictions">{t("Show all decisions")}</a>
      </p>
    </>
  );
}

function NothingYet() {
  return (
    <>
      <p class="strong">{t("No prediction has been made yet.")}</p>
      <p>
        {tx(
          "Open a version of a {0} and try values, or call the API with a key.",
          <a href="/models">{t("model")}</a>,
        )}
      </p>
    </>
  );
}

function VersionFilter() {
  return (
    <TextField
      label={t("Version")}
      hint={t("Its number.")}
      value={currentLocation.value.query.get("version") ?? ""}
      onValue={(text) => setQuery({ version: text || null })}
      input={{ type: "number", min: 1, step: 1 }}
    />
  );
}

function ModelFilter() {
  const model = currentLocation.value.query.get("model");
  const models = usePages("models", listModels);
  const names = (models.data ?? []).map(({ name }) => name);
  const offered = model && !names.includes(model) ? [model, ...names] : names;
  return (
    <SelectField
      label={t("Model")}
      value={model ?? ""}
      onValue={(name) => setQuery({ model: name || null })}
      options={[["", t("All models")], ...offered.map((name) => [name, name] as const)]}
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
        label={t("Identifier of a record")}
        value={id}
        onValue={setId}
        input={{ required: true, pattern: "\\s*[0-9a-f\\-]{36}\\s*", spellcheck: false }}
      />
      <button type="submit" class="button">{t("Open")}</button>
    </form>
  );
}

const MODEL: Column<PredictionSummary> = {
  title: t("Model"),
  cell: (record) => <a href={address`/models/${record.model}`}>{record.model}</a>,
};

const COLUMNS: readonly Column<PredictionSummary>[] = [
  {
    title: t("Record"),
    cell: (record) => (
      <a href={address`/predictions/${record.id}`}>
        <code>{record.id}</code>
      </a>
    ),
  },
  {
    title: t("Version"),
    cell: (record) => (
      <>
        {record.version} {record.trial && <span class="badge badge-warn">{t("trial")}</span>}
      </>
    ),
  },
  { title: t("Answer"), numeric: true, cell: summaryText },
  { title: t("Made"), cell: (record) => moment(record.created_at) },
  { title: t("By"), cell: (record) => record.created_by },
];

export function DecisionTable({
  records,
  withModel = false,
}: {
  records: readonly PredictionSummary[];
  withModel?: boolean;
}) {
  const columns = withModel ? [...COLUMNS.slice(0, 1), MODEL, ...COLUMNS.slice(1)] : COLUMNS;
  return <Table caption={t("Decision records")} columns={columns} rows={records} rowKey={(record) => record.id} />;
}
