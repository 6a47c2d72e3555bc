// What a version is and how well it does.
import type { Version } from "../api/types";
import { Digest } from "../components/digest";
import { Facts } from "../components/page";
import { metricName, moment, number, plural } from "../format";
import { address } from "../router";

export function VersionHeader({ version }: { version: Version }) {
  return (
    <>
      <ul class="metrics" aria-label="Metrics on held-out rows">
        {version.metrics.map((metric) => (
          <li key={metric.name}>
            <span class="metric-name">{metricName(metric.name)}</span>
            <span class="metric-value">{number(metric.value)}</span>
            {typeof metric.lower === "number" && (
              <span class="hint">
                95 %: {number(metric.lower, 3)} to {number(metric.upper, 3)}
              </span>
            )}
            <span class="hint">
              {plural(metric.rows, "row")}, {metric.better} is better
            </span>
          </li>
        ))}
      </ul>
      <div class="card">
        <Facts
          facts={[
            ["Digest", <Digest digest={version.digest} />],
            ["Dataset", <DatasetLink version={version} />],
            ["Parent", <Parent version={version} />],
            ["Created", `${moment(version.created_at)} by ${version.created_by}`],
            ["Contributors", version.contributors.join(", ")],
            ["Shape", version.shape.join(" → ")],
            ["Active edges", `${version.active_edges} of ${version.edges_before_pruning}`],
            ["Symbolic forms", version.symbolification],
            ["Message", version.message || "–"],
          ]}
        />
      </div>
    </>
  );
}

function DatasetLink({ version }: { version: Version }) {
  return (
    <>
      <a href={address`/datasets/${version.dataset_id}`}>Open</a>{" "}
      <Digest digest={version.dataset_digest} label="digest of the dataset" />
    </>
  );
}

function Parent({ version }: { version: Version }) {
  const { model, parent, number: own } = version;
  if (parent === null) return <>none</>;
  return (
    <>
      <a href={address`/models/${model}/versions/${parent}`}>Version {parent}</a>{" "}
      {version.revision && <>({version.revision.changes.map((change) => change.operation).join(", ")}) </>}
      <a href={address`/models/${model}/versions/${parent}/compare/${own}`}>Compare</a>
    </>
  );
}
