// What a version is and how well it does.
import type { Version } from "../api/types";
import { Digest } from "../components/digest";
import { Facts } from "../components/page";
import { metricName, moment, number, plural } from "../format";
import { t, tx } from "../messages";
import { address } from "../router";

export function VersionHeader({ version }: { version: Version }) {
  return (
    <>
      <ul class="metrics" aria-label={t("Metrics on held-out rows")}>
        {version.metrics.map((metric) => (
          <li key={metric.name}>
            <span class="metric-name">{metricName(metric.name)}</span>
            <span class="metric-value">{number(metric.value)}</span>
            {typeof metric.lower === "number" && (
              <span class="hint">
                {tx("95 %: {0} to {1}", number(metric.lower, 3), number(metric.upper, 3))}
              </span>
            )}
            <span class="hint">{tx("{0}, {1} is better", plural(metric.rows, "row"), metric.better)}</span>
          </li>
        ))}
      </ul>
      <div class="card">
        <Facts
          facts={[
            [t("Digest"), <Digest digest={version.digest} />],
            [t("Dataset"), <DatasetLink version={version} />],
            [t("Parent"), <Parent version={version} />],
            [t("Created"), `${moment(version.created_at)} by ${version.created_by}`],
            [t("Contributors"), version.contributors.join(", ")],
            [t("Shape"), version.shape.join(" → ")],
            [t("Active edges"), `${version.active_edges} of ${version.edges_before_pruning}`],
            [t("Symbolic forms"), version.symbolification],
            [t("Message"), version.message || "–"],
          ]}
        />
      </div>
    </>
  );
}

function DatasetLink({ version }: { version: Version }) {
  return (
    <>
      <a href={address`/datasets/${version.dataset_id}`}>{t("Open")}</a>{" "}
      <Digest digest={version.dataset_digest} label={t("digest of the dataset")} />
    </>
  );
}

function Parent({ version }: { version: Version }) {
  const { model, parent, number: own } = version;
  if (parent === null) return <>{t("none")}</>;
  return (
    <>
      <a href={address`/models/${model}/versions/${parent}`}>{tx("Version {0}", parent)}</a>{" "}
      {version.revision && <>({version.revision.changes.map((change) => change.operation).join(", ")}) </>}
      <a href={address`/models/${model}/versions/${parent}/compare/${own}`}>{t("Compare")}</a>
    </>
  );
}
