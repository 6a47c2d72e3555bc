// One model: what it is for, where its aliases point, its versions, its training jobs, its decision records.
import { getModel, listPredictions, listTrainingJobs, listVersions } from "../api/operations";
import type { Model, Version } from "../api/types";
import { AliasesAt } from "../alias_at";
import { AliasTable } from "../aliases";
import { MetricTrend } from "../charts/metric_trend";
import { AliasBadge, StateBadge } from "../components/badge";
import { Digest } from "../components/digest";
import { Loaded, LoadedPages } from "../components/loaded";
import { Facts, PageFrame, Section } from "../components/page";
import { Table, type Column } from "../components/table";
import { metricName, moment, number } from "../format";
import { LineageTree } from "../lineage";
import { TrainingJobTable } from "../training_job_table";
import { usePages, useResource } from "../resource";
import { address } from "../router";
import { may } from "../session";
import { Term } from "../terms/term";
import { DecisionTable } from "./predictions";

const VERSION_COLUMNS: readonly Column<Version>[] = [
  {
    title: "Version",
    cell: (version) => (
      <>
        <a class="strong" href={address`/models/${version.model}/versions/${version.number}`}>
          Version {version.number}
        </a>{" "}
        {version.aliases.map((alias) => (
          <AliasBadge key={alias} alias={alias} />
        ))}
      </>
    ),
  },
  { title: "State", cell: (version) => <StateBadge state={version.state} /> },
  { title: "Digest", cell: (version) => <Digest digest={version.digest} /> },
  {
    title: "Held-out metrics",
    cell: (version) => (
      <span class="metric-line">
        {version.metrics.slice(0, 2).map((metric) => (
          <span key={metric.name}>
            {metricName(metric.name)} {number(metric.value)}
          </span>
        ))}
      </span>
    ),
  },
  { title: "Edges", numeric: true, cell: (version) => version.active_edges },
  { title: "Parent", numeric: true, cell: (version) => version.parent ?? "–" },
  { title: "Message", cell: (version) => <span class="clamp">{version.message || "–"}</span> },
  {
    title: "Created",
    cell: (version) => (
      <>
        {moment(version.created_at)}
        <span class="block hint">{version.created_by}</span>
      </>
    ),
  },
];

export function ModelPage({ model }: { model: string }) {
  const entry = useResource(model, (signal) => getModel(model, signal));
  return (
    <PageFrame
      title={entry.data?.title ?? model}
      trail={[["Models", "/models"]]}
      badges={<code class="name-code">{model}</code>}
      actions={
        may("create_training_job") && (
          <>
            <a class="button" href={address`/models/${model}/sweep`}>
              Sweep settings
            </a>
            <a class="button primary" href={address`/models/${model}/train`}>
              Train a version
            </a>
          </>
        )
      }
    >
      <Loaded resource={entry} rows={4}>
        {(data) => <Entry model={data} />}
      </Loaded>
    </PageFrame>
  );
}

function Entry({ model }: { model: Model }) {
  const { name } = model;
  const versions = usePages(name, (cursor, signal) => listVersions(name, cursor, signal));
  const jobs = usePages(name, (cursor, signal) => listTrainingJobs(name, cursor, signal));
  return (
    <>
      <Inventory model={model} />
      <Section title="Versions">
        <LoadedPages pages={versions} empty={<p>No version has been trained yet.</p>}>
          {(items) => (
            <Table
              caption="Versions"
              columns={VERSION_COLUMNS}
              rows={items}
              rowKey={(version) => version.number}
            />
          )}
        </LoadedPages>
      </Section>
      {(versions.data ?? []).length > 0 && (
        <Section title="Metrics by version">
          <MetricTrend versions={versions.data ?? []} />
        </Section>
      )}
      <Section title="Lineage">
        <LineageTree model={name} />
      </Section>
      <Section title="Aliases">
        <AliasTable
          model={name}
          approved={(versions.data ?? [])
            .filter(({ state }) => state === "approved")
            .map((version) => version.number)}
          onMoved={versions.reload}
        />
        <AliasesAt model={name} />
      </Section>
      <Section title="Training jobs">
        <LoadedPages pages={jobs} empty={<p>Nothing has been trained yet.</p>}>
          {(items) => <TrainingJobTable jobs={items} />}
        </LoadedPages>
      </Section>
      <DecisionRecords model={name} />
    </>
  );
}

function Inventory({ model }: { model: Model }) {
  return (
    <div class="card">
      <Facts
        facts={[
          ["Purpose", model.purpose],
          ["Approved use", model.approved_use],
          ["Owner", model.owner],
          [<Term name="risk tier">Risk tier</Term>, <StateBadge state={model.risk_tier} />],
          ["Reviews", <a href={address`/models/${model.name}/review-policy`}>Review policy</a>],
          [
            "Reasons",
            <>
              {model.adverse_action ? "owed to the person" : "not owed"}
              {model.adverse_outcome && `; a ${model.adverse_outcome} response hurts`}.{" "}
              <a href={address`/models/${model.name}/reasons`}>Reason dictionary</a>
            </>,
          ],
          [
            "Open findings",
            model.open_high_findings > 0
              ? `${model.open_findings}, ${model.open_high_findings} of them high`
              : model.open_findings,
          ],
          ["Next review", model.next_review ? moment(model.next_review) : "no end set"],
          ["Entered", `${moment(model.created_at)} by ${model.created_by}`],
        ]}
      />
    </div>
  );
}

function DecisionRecords({ model }: { model: string }) {
  const records = usePages(model, (cursor, signal) => listPredictions(model, cursor, signal));
  return (
    <Section
      title="Decision records"
      actions={
        <a class="button" href={`/predictions?model=${model}`}>
          All decisions of this model
        </a>
      }
    >
      <LoadedPages pages={records} empty={<p>No prediction has been made yet.</p>}>
        {(items) => <DecisionTable records={items} />}
      </LoadedPages>
    </Section>
  );
}
