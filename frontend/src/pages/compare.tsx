// Two versions beside each other: only what differs.
import { compareVersions } from "../api/operations";
import type { EdgeDifference, MetricDifference, PredictionImpact, VersionComparison } from "../api/types";
import { EdgeOverlayChart } from "../charts/edge_overlay";
import { StateBadge } from "../components/badge";
import { Digest } from "../components/digest";
import { Loaded } from "../components/loaded";
import { Facts, PageFrame, Section } from "../components/page";
import { Table } from "../components/table";
import { FormulaDifference } from "../formula_difference";
import { metricName, number, plural, signed, words } from "../format";
import { useResource } from "../resource";
import { address } from "../router";

export function ComparePage({ model, left, right }: { model: string; left: string; right: string }) {
  const comparison = useResource(`${model}/${left}/${right}`, (signal) =>
    compareVersions(model, left, right, signal),
  );
  return (
    <PageFrame
      wide
      title={`Version ${left} and version ${right}`}
      trail={[
        ["Models", "/models"],
        [model, address`/models/${model}`],
      ]}
      actions={
        <a class="button" href={address`/models/${model}/versions/${right}/compare/${left}`}>
          Swap
        </a>
      }
    >
      <Loaded resource={comparison} rows={8}>
        {(data) => <Differences comparison={data} />}
      </Loaded>
    </PageFrame>
  );
}

function Differences({ comparison }: { comparison: VersionComparison }) {
  const { settings, metrics, edges, impact } = comparison;
  return (
    <>
      <Sides comparison={comparison} />
      <Section title="Measures">
        {!comparison.same_held_out_rows && (
          <p class="note">The versions were measured on different rows: the differences are no comparison.</p>
        )}
        <Measures metrics={metrics} />
      </Section>
      <Section title="Answers">
        {impact ? <Impact impact={impact} /> : <p class="empty">One version cannot read the rows of the other.</p>}
      </Section>
      <Section title="Settings">
        {settings.length === 0 ? (
          <p class="empty">Both have the same settings.</p>
        ) : (
          <Table
            caption="Settings that differ"
            rows={settings}
            rowKey={(row) => row.name}
            columns={[
              { title: "Setting", cell: (row) => words(row.name) },
              { title: `Version ${comparison.left.number}`, cell: (row) => JSON.stringify(row.left) },
              { title: `Version ${comparison.right.number}`, cell: (row) => JSON.stringify(row.right) },
            ]}
          />
        )}
      </Section>
      <Section title="Formula">
        <FormulaDifference
          model={comparison.model}
          left={comparison.left.number}
          right={comparison.right.number}
        />
      </Section>
      <Section title="Edges">
        <Edges edges={edges} />
      </Section>
    </>
  );
}

function Sides({ comparison }: { comparison: VersionComparison }) {
  return (
    <Table
      caption="The two versions"
      rows={[comparison.left, comparison.right]}
      rowKey={(row) => row.number}
      columns={[
        {
          title: "Version",
          cell: (row) => (
            <a href={address`/models/${comparison.model}/versions/${row.number}`}>Version {row.number}</a>
          ),
        },
        { title: "State", cell: (row) => <StateBadge state={row.state} /> },
        { title: "Digest", cell: (row) => <Digest digest={row.digest} /> },
        { title: "Shape", cell: (row) => row.shape.join(" → ") },
        { title: "Edges", numeric: true, cell: (row) => row.active_edges },
      ]}
    />
  );
}

function Measures({ metrics }: { metrics: readonly MetricDifference[] }) {
  const shown = (value: number, interval: readonly number[] | null): string =>
    interval ? `${number(value)} (${number(interval[0], 3)} to ${number(interval[1], 3)})` : number(value);
  return (
    <Table
      caption="Measures with 95 % intervals"
      rows={metrics}
      rowKey={(row) => row.name}
      columns={[
        { title: "Measure", cell: (row) => `${metricName(row.name)}, ${row.better} is better` },
        { title: "Left", numeric: true, cell: (row) => shown(row.left, row.left_interval) },
        { title: "Right", numeric: true, cell: (row) => shown(row.right, row.right_interval) },
        { title: "Difference", numeric: true, cell: (row) => signed(row.difference) },
      ]}
    />
  );
}

function Impact({ impact }: { impact: PredictionImpact }) {
  return (
    <Facts
      facts={[
        ["Mean difference", number(impact.mean_absolute)],
        ["Largest difference", number(impact.largest)],
        ...(impact.flipped === null
          ? []
          : [["Decisions that differ at 0.5", `${number(100 * impact.flipped)} %`] as const]),
        ["Reference rows", plural(impact.rows, "row")],
      ]}
    />
  );
}

function Edges({ edges }: { edges: readonly EdgeDifference[] | null }) {
  if (edges === null) return <p class="empty">The networks have different nodes, so no edge has a counterpart.</p>;
  if (edges.length === 0) return <p class="empty">All edges are the same functions.</p>;
  return (
    <>
      {edges.map(({ change, overlay }) => (
        <details class="card" key={overlay.edge}>
          <summary>
            {overlay.source} → {overlay.target}: {change}, {overlay.form_before} → {overlay.form_after}
          </summary>
          <Facts
            facts={[
              ["Before", <code>{overlay.text_before}</code>],
              ["After", <code>{overlay.text_after}</code>],
              ["Contribution spread", `${number(overlay.spread_before)} → ${number(overlay.spread_after)}`],
            ]}
          />
          <EdgeOverlayChart edge={overlay} />
        </details>
      ))}
    </>
  );
}
