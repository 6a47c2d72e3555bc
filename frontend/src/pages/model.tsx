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
import { t, tx } from "../messages";
import { TrainingJobTable } from "../training_job_table";
import { usePages, useResource } from "../resource";
import { address } from "../router";
import { may } from "../session";
import { Term } from "../terms/term";
import { DecisionTable } from "./predictions";

const VERSION_COLUMNS: readonly Column<Version>[] = [
  {
    title: t("Version"),
    cell: (version) => (
      <>
        <a class="strong" href={address`/models/${version.model}/versions/${version.number}`}>
          {tx("Version {0}", version.number)}
        </a>{" "}
        {version.aliases.map((alias) => (
          <AliasBadge key={alias} alias={alias} />
        ))}
      </>
    ),
  },
  { title: t("State"), cell: (version) => <StateBadge state={version.state} /> },
  { title: t("Digest"), cell: (version) => <Digest digest={version.digest} /> },
  {
    title: t("Held-out metrics"),
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
  { title: t("Edges"), numeric: true, cell: (version) => version.active_edges },
  { title: t("Parent"), numeric: true, cell: (version) => version.parent ?? "–" },
  { title: t("Message"), cell: (version) => <span class="clamp">{version.message || "–"}</span> },
  {
    title: t("Created"),
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
      trail={[[t("Models"), "/models"]]}
      badges={<code class="name-code">{model}</code>}
      actions={
        <>
          <a class="button" href={address`/models/${model}/monitoring`}>{t("In use")}</a>
          {may("create_scoring_job") && (
            <a class="button" href={address`/models/${model}/score`}>{t("Score a table")}</a>
          )}
          {may("create_training_job") && (
            <>
              <a class="button" href={address`/models/${model}/sweep`}>{t("Sweep settings")}</a>
              <a class="button primary" href={address`/models/${model}/train`}>{t("Train a version")}</a>
            </>
          )}
        </>
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
      <Section title={t("Versions")}>
        <LoadedPages pages={versions} empty={<p>{t("No version has been trained yet.")}</p>}>
          {(items) => (
            <Table
              caption={t("Versions")}
              columns={VERSION_COLUMNS}
              rows={items}
              rowKey={(version) => version.number}
            />
          )}
        </LoadedPages>
      </Section>
      {(versions.data ?? []).length > 0 && (
        <Section title={t("Metrics by version")}>
          <MetricTrend versions={versions.data ?? []} />
        </Section>
      )}
      <Section title={t("Lineage")}>
        <LineageTree model={name} />
      </Section>
      <Section title={t("Aliases")}>
        <AliasTable
          model={name}
          approved={(versions.data ?? [])
            .filter(({ state }) => state === "approved")
            .map((version) => version.number)}
          onMoved={versions.reload}
        />
        <AliasesAt model={name} />
      </Section>
      <Section title={t("Training jobs")}>
        <LoadedPages pages={jobs} empty={<p>{t("Nothing has been trained yet.")}</p>}>
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
          [t("Purpose"), model.purpose],
          [t("Approved use"), model.approved_use],
          [t("Owner"), model.owner],
          [<Term name="risk tier">{t("Risk tier")}</Term>, <StateBadge state={model.risk_tier} />],
          [t("Reviews"), <a href={address`/models/${model.name}/review-policy`}>{t("Review policy")}</a>],
          [
            t("Reasons"),
            <>
              {model.adverse_action ? t("owed to the person") : t("not owed")}
              {model.adverse_outcome && t("; a {0} response hurts", model.adverse_outcome)}.{" "}
              <a href={address`/models/${model.name}/reasons`}>{t("Reason dictionary")}</a>
            </>,
          ],
          [
            t("Open findings"),
            model.open_high_findings > 0
              ? t("{0}, {1} of them high", model.open_findings, model.open_high_findings)
              : model.open_findings,
          ],
          [t("Next review"), model.next_review ? moment(model.next_review) : t("no end set")],
          [t("Entered"), `${moment(model.created_at)} by ${model.created_by}`],
        ]}
      />
    </div>
  );
}

function DecisionRecords({ model }: { model: string }) {
  const records = usePages(model, (cursor, signal) => listPredictions({ model }, cursor, signal));
  return (
    <Section
      title={t("Decision records")}
      actions={
        <a class="button" href={`/predictions?model=${model}`}>{t("All decisions of this model")}</a>
      }
    >
      <LoadedPages pages={records} empty={<p>{t("No prediction has been made yet.")}</p>}>
        {(items) => <DecisionTable records={items} />}
      </LoadedPages>
    </Section>
  );
}
