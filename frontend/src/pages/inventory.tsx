// The inventory: every model, what it is for, who owns it, what is in use, what waits; now or at a past moment.
import { listModels } from "../api/operations";
import type { Model } from "../api/types";
import { StateBadge } from "../components/badge";
import { Field } from "../components/field";
import { LoadedPages } from "../components/loaded";
import { PageFrame } from "../components/page";
import { Table, type Column } from "../components/table";
import { moment, plural } from "../format";
import { t, tx } from "../messages";
import { usePages } from "../resource";
import { address, currentLocation, setQuery } from "../router";
import { may } from "../session";
import { Term } from "../terms/term";
import { endOfDay } from "../time";

const COLUMNS: readonly Column<Model>[] = [
  {
    title: t("Model"),
    cell: (model) => (
      <>
        <a class="strong" href={address`/models/${model.name}`}>
          {model.title}
        </a>
        <code class="block">{model.name}</code>
        <span class="clamp hint">{model.purpose}</span>
      </>
    ),
  },
  { title: t("Owner"), cell: (model) => model.owner },
  { title: t("Risk tier"), cell: (model) => <StateBadge state={model.risk_tier} /> },
  { title: t("In use"), cell: (model) => <InUse model={model} /> },
  {
    title: t("Findings"),
    numeric: true,
    cell: (model) => (
      <>
        {model.open_findings}
        {model.open_high_findings > 0 && (
          <span class="block">
            <span class="badge badge-bad">{tx("{0} high", model.open_high_findings)}</span>
          </span>
        )}
      </>
    ),
  },
  {
    title: t("Open reviews"),
    numeric: true,
    cell: (model) => (model.open_reviews > 0 ? <a href="/reviews">{model.open_reviews}</a> : 0),
  },
  { title: t("Next review"), cell: (model) => (model.next_review ? moment(model.next_review) : t("no end set")) },
  {
    title: t("Latest version"),
    numeric: true,
    cell: (model) =>
      model.latest_version === null ? (
        "–"
      ) : (
        <a href={address`/models/${model.name}/versions/${model.latest_version}`}>{model.latest_version}</a>
      ),
  },
];

function InUse({ model }: { model: Model }) {
  if (model.champion === null) return <span class="hint">{t("nothing")}</span>;
  return (
    <>
      <a href={address`/models/${model.name}/versions/${model.champion}`}>
        {tx("Version {0}", model.champion)}
      </a>{" "}
      <StateBadge state={model.champion_state ?? "approved"} />
      {model.challenger !== null && <span class="block hint">{tx("challenger: version {0}", model.challenger)}</span>}
    </>
  );
}

export function InventoryPage() {
  const day = currentLocation.value.query.get("day");
  const asOf = day ? endOfDay(day).toISOString() : null;
  const models = usePages(`models ${asOf}`, (cursor, signal) => listModels(cursor, signal, asOf));
  return (
    <PageFrame
      title={t("Models")}
      lead={
        <>
          {tx(
            "Every model that this service knows, with the version in use (its {0}) and what waits for a decision.",
            <Term name="champion" />,
          )}
        </>
      }
      actions={
        may("create_model") && (
          <a class="button primary" href="/models/new">{t("New model")}</a>
        )
      }
    >
      <AsOf day={day} />
      <LoadedPages
        pages={models}
        empty={
          asOf ? (
            <p>{t("There was no model yet.")}</p>
          ) : (
            <>
              <p class="strong">{t("There is no model yet.")}</p>
              <p>{t("A developer enters a model here, uploads a dataset, and trains the first version.")}</p>
            </>
          )
        }
      >
        {(items) => (
          <>
            <Table caption={t("Models")} columns={COLUMNS} rows={items} rowKey={(model) => model.name} />
            <p class="hint count">{plural(items.length, "model")}</p>
          </>
        )}
      </LoadedPages>
    </PageFrame>
  );
}

function AsOf({ day }: { day: string | null }) {
  return (
    <div class="as-of">
      <Field label={t("As it was at the end of")}>
        {(tie) => (
          <input
            {...tie}
            type="date"
            value={day ?? ""}
            onInput={(event) => setQuery({ day: event.currentTarget.value || null })}
          />
        )}
      </Field>
      {day && (
        <button type="button" class="button" onClick={() => setQuery({ day: null })}>
          {t("Show today")}
        </button>
      )}
    </div>
  );
}
