// The inventory: every model, what it is for, who owns it, what is in use, what waits.
import { listModels } from "../api/operations";
import type { Model } from "../api/types";
import { StateBadge } from "../components/badge";
import { LoadedPages } from "../components/loaded";
import { PageFrame } from "../components/page";
import { Table, type Column } from "../components/table";
import { usePages } from "../resource";
import { address } from "../router";
import { may } from "../session";

const COLUMNS: readonly Column<Model>[] = [
  {
    title: "Model",
    cell: (model) => (
      <>
        <a class="strong" href={address`/models/${model.name}`}>
          {model.title}
        </a>
        <code class="block">{model.name}</code>
      </>
    ),
  },
  { title: "Purpose", cell: (model) => <span class="clamp">{model.purpose}</span> },
  { title: "Owner", cell: (model) => model.owner },
  { title: "Risk tier", cell: (model) => <StateBadge state={model.risk_tier} /> },
  {
    title: "Champion",
    cell: (model) =>
      model.champion === null ? (
        <span class="hint">none</span>
      ) : (
        <a href={address`/models/${model.name}/versions/${model.champion}`}>
          Version {model.champion} <StateBadge state="approved" />
        </a>
      ),
  },
  {
    title: "Open reviews",
    numeric: true,
    cell: (model) => (model.open_reviews > 0 ? <a href="/reviews">{model.open_reviews}</a> : 0),
  },
  {
    title: "Latest version",
    numeric: true,
    cell: (model) =>
      model.latest_version === null ? (
        "–"
      ) : (
        <a href={address`/models/${model.name}/versions/${model.latest_version}`}>{model.latest_version}</a>
      ),
  },
];

export function InventoryPage() {
  const models = usePages("models", listModels);
  return (
    <PageFrame
      title="Models"
      lead="Every model that this service knows, with the version in use and what waits for a decision."
      actions={
        may("create_model") && (
          <a class="button primary" href="/models/new">
            New model
          </a>
        )
      }
    >
      <LoadedPages
        pages={models}
        empty={
          <>
            <p class="strong">There is no model yet.</p>
            <p>A developer enters a model here, uploads a dataset, and trains the first version.</p>
          </>
        }
      >
        {(items) => <Table caption="Models" columns={COLUMNS} rows={items} rowKey={(model) => model.name} />}
      </LoadedPages>
    </PageFrame>
  );
}
