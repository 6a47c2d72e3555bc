// Two versions beside each other: only what differs.
import { useState } from "preact/hooks";

import { compareVersions } from "../api/operations";
import type { EdgeDifference, MetricDifference, PredictionImpact, VersionComparison } from "../api/types";
import { EdgePair, type Versions } from "../beside/pair";
import { StateBadge } from "../components/badge";
import { Digest } from "../components/digest";
import { Loaded } from "../components/loaded";
import { Facts, PageFrame, Section } from "../components/page";
import { Table } from "../components/table";
import { FormulaDifference } from "../formula_difference";
import { metricName, number, plural, signed, words } from "../format";
import { t, tx } from "../messages";
import { useResource } from "../resource";
import { address } from "../router";

export function ComparePage({ model, left, right }: { model: string; left: string; right: string }) {
  const comparison = useResource(`${model}/${left}/${right}`, (signal) =>
    compareVersions(model, left, right, signal),
  );
  return (
    <PageFrame
      wide
      title={t("Version {0} and version {1}", left, right)}
      trail={[
        [t("Models"), "/models"],
        [model, address`/models/${model}`],
      ]}
      actions={
        <a class="button" href={address`/models/${model}/versions/${right}/compare/${left}`}>{t("Swap")}</a>
      }
    >
      <Loaded resource={comparison} rows={8}>
        {(data) => <Differences comparison={data} />}
      </Loaded>
    </PageFrame>
  );
}

function Differences({ comparison }: { comparison: VersionComparison }) {
  const { settings, metrics, impact } = comparison;
  return (
    <>
      <Sides comparison={comparison} />
      <Section title={t("Measures")}>
        {!comparison.same_held_out_rows && (
          <p class="note">
            {t("The versions were measured on different rows: the differences are no comparison.")}
          </p>
        )}
        <Measures metrics={metrics} />
      </Section>
      <Section title={t("Answers")}>
        {impact ? <Impact impact={impact} /> : <p class="empty">{t("One version cannot read the rows of the other.")}</p>}
      </Section>
      <Section title={t("Settings")}>
        {settings.length === 0 ? (
          <p class="empty">{t("Both have the same settings.")}</p>
        ) : (
          <Table
            caption={t("Settings that differ")}
            rows={settings}
            rowKey={(row) => row.name}
            columns={[
              { title: t("Setting"), cell: (row) => words(row.name) },
              { title: t("Version {0}", comparison.left.number), cell: (row) => JSON.stringify(row.left) },
              { title: t("Version {0}", comparison.right.number), cell: (row) => JSON.stringify(row.right) },
            ]}
          />
        )}
      </Section>
      <Section title={t("Formula")}>
        <FormulaDifference
          model={comparison.model}
          left={comparison.left.number}
          right={comparison.right.number}
        />
      </Section>
      <Section title={t("Edges")}>
        <Edges comparison={comparison} />
      </Section>
    </>
  );
}

function Sides({ comparison }: { comparison: VersionComparison }) {
  return (
    <Table
      caption={t("The two versions")}
      rows={[comparison.left, comparison.right]}
      rowKey={(row) => row.number}
      columns={[
        {
          title: t("Version"),
          cell: (row) => (
            <a href={address`/models/${comparison.model}/versions/${row.number}`}>
              {tx("Version {0}", row.number)}
            </a>
          ),
        },
        { title: t("State"), cell: (row) => <StateBadge state={row.state} /> },
        { title: t("Digest"), cell: (row) => <Digest digest={row.digest} /> },
        { title: t("Shape"), cell: (row) => row.shape.join(" → ") },
        { title: t("Edges"), numeric: true, cell: (row) => row.active_edges },
      ]}
    />
  );
}

function Measures({ metrics }: { metrics: readonly MetricDifference[] }) {
  const shown = (value: number, interval: readonly number[] | null): string =>
    interval ? `${number(value)} (${number(interval[0], 3)} to ${number(interval[1], 3)})` : number(value);
  return (
    <Table
      caption={t("Measures with 95 % intervals")}
      rows={metrics}
      rowKey={(row) => row.name}
      columns={[
        { title: t("Measure"), cell: (row) => t("{0}, {1} is better", metricName(row.name), row.better) },
        { title: t("Left"), numeric: true, cell: (row) => shown(row.left, row.left_interval) },
        { title: t("Right"), numeric: true, cell: (row) => shown(row.right, row.right_interval) },
        { title: t("Difference"), numeric: true, cell: (row) => signed(row.difference) },
      ]}
    />
  );
}

function Impact({ impact }: { impact: PredictionImpact }) {
  return (
    <Facts
      facts={[
        [t("Mean difference"), number(impact.mean_absolute)],
        [t("Largest difference"), number(impact.largest)],
        ...(impact.flipped === null
          ? []
          : [[t("Decisions that differ at 0.5"), `${number(100 * impact.flipped)} %`] as const]),
        [t("Reference rows"), plural(impact.rows, "row")],
      ]}
    />
  );
}

function Edges({ comparison }: { comparison: VersionComparison }) {
  const { edges } = comparison;
  if (edges === null) return <p class="empty">{t("The networks have different nodes, so no edge has a counterpart.")}</p>;
  if (edges.length === 0) return <p class="empty">{t("All edges are the same functions.")}</p>;
  const versions = { model: comparison.model, before: comparison.left.number, after: comparison.right.number };
  return (
    <>
      {edges.map((difference) => (
        <ChangedEdge key={difference.overlay.edge} versions={versions} difference={difference} />
      ))}
    </>
  );
}

/** Both sides of an edge, fetched when somebody opens it. */
function ChangedEdge({ versions, difference }: { versions: Versions; difference: EdgeDifference }) {
  const [isOpen, setOpen] = useState(false);
  const { change, overlay } = difference;
  return (
    <details class="card beside" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {overlay.source} → {overlay.target}: {change}, {overlay.form_before} → {overlay.form_after}
      </summary>
      {isOpen && <EdgePair versions={versions} difference={difference} />}
    </details>
  );
}
