// A decision record: the output on both scales, how it comes about, warnings, proof that it adds up.
import { useEffect, useRef, useState } from "preact/hooks";

import { getPrediction, getPredictionChart, replayPrediction } from "./api/operations";
import type { EdgeContribution, Prediction, Replay, StoredPrediction } from "./api/types";
import { Chart } from "./charts/chart";
import { FlowChart } from "./flow_chart";
import { FormBadge } from "./components/badge";
import { CopyButton, Digest } from "./components/digest";
import { Loaded } from "./components/loaded";
import { Facts, Section } from "./components/page";
import { ProblemNote } from "./components/problem";
import { Table, type Column } from "./components/table";
import { CounterfactualSection } from "./counterfactuals";
import { cell, moment, number, signed } from "./format";
import { LINK_SCALES, outputName, outputText } from "./prediction/answer";
import { RecordComparison } from "./prediction/comparison";
import { intervalText } from "./prediction/interval";
import { Reasons } from "./reasons/reason_list";
import { useAction, useResource } from "./resource";
import { address } from "./router";
import { may } from "./session";

const WARNINGS = {
  out_of_domain: "lies outside the values seen in training; its curve is continued as a straight line.",
  unseen_category: "has a category that was not seen in training.",
} as const;

interface RecordProps {
  id: string;
  /** The record was made just now: bring it into sight and give it the focus. */
  announce?: boolean;
}

export function PredictionRecord({ id, announce = false }: RecordProps) {
  const record = useResource(id, (signal) => getPrediction(id, signal));
  return (
    <Loaded resource={record} rows={8}>
      {(data) => <RecordDetails record={data} announce={announce} />}
    </Loaded>
  );
}

function RecordDetails({ record, announce }: { record: StoredPrediction; announce: boolean }) {
  const heading = useRef<HTMLDivElement>(null);
  const { prediction } = record;
  useEffect(() => {
    if (!announce) return;
    heading.current?.focus({ preventScroll: true });
    heading.current?.scrollIntoView({ block: "start" });
  }, []);
  return (
    <>
      <div class="result" ref={heading} tabIndex={-1} role="group" aria-label="Result">
        <Output prediction={prediction} record={record} />
        {prediction.warnings.map((warning) => (
          <p class="note note-warn" key={warning.code + warning.feature}>
            <strong>{warning.feature}</strong> {WARNINGS[warning.code]} <code>{warning.code}</code>
          </p>
        ))}
      </div>
      <p class="form-actions">
        <a class="button" href={address`/models/${record.model}/versions/${record.version}/predict` + `?from=${prediction.id}`}>
          Try other values
        </a>
      </p>
      {prediction.reasons.length > 0 && <Reasons reasons={prediction.reasons} rules={prediction.reason_rules} />}
      <Section title="From the base value to the output">
        <Waterfall record={record} />
      </Section>
      <Section title="Contribution of each edge">
        <p class="hint">
          The contributions of every layer add up to the output minus the base value. Largest residual:{" "}
          {prediction.identity.max_abs_residual.toExponential(1)}, tolerance{" "}
          {prediction.identity.tolerance.toExponential(0)}.
        </p>
        <Table
          caption="Contribution of each edge"
          columns={edgeColumns(record)}
          rows={[...prediction.edges].sort(bySize)}
          rowKey={(edge) => edge.edge}
        />
        {prediction.edges.length > 0 && <FlowChart record={record} />}
      </Section>
      <RecordComparison record={record} />
      {may("create_version_counterfactuals") && <CounterfactualSection record={record} />}
      <Section title="Record">
        <Evidence record={record} />
      </Section>
    </>
  );
}

const bySize = (a: EdgeContribution, b: EdgeContribution): number =>
  Math.abs(b.contribution) - Math.abs(a.contribution);

function Output({ prediction, record }: { prediction: Prediction; record: StoredPrediction }) {
  const { output } = prediction;
  const isProbability = record.link !== "identity";
  return (
    <ul class="metrics">
      <li class="metric-main">
        <span class="metric-name">{outputName(output)}</span>
        <span class="metric-value">{outputText(output, record.link)}</span>
        {prediction.interval && <span class="hint">{intervalText(prediction.interval)}</span>}
      </li>
      {isProbability && (
        <li>
          <span class="metric-name">Output ({LINK_SCALES[record.link]})</span>
          <span class="metric-value">{number(output.link)}</span>
        </li>
      )}
      <li>
        <span class="metric-name">Base value</span>
        <span class="metric-value">{number(prediction.base_value)}</span>
        <span class="hint">
          average over the {prediction.reference} reference
          {prediction.reference_revision ? `, revision ${prediction.reference_revision}` : ""}
        </span>
      </li>
      {output.probabilities.length > 2 &&
        output.probabilities.map(({ outcome, probability }) => (
          <li key={outcome}>
            <span class="metric-name">{outcome}</span>
            <span class="metric-value">{number(probability * 100)} %</span>
          </li>
        ))}
    </ul>
  );
}

function Waterfall({ record }: { record: StoredPrediction }) {
  const { prediction } = record;
  const way = `From the base value ${number(prediction.base_value)} to the output ${number(prediction.output.link)}`;
  const chart = useResource(prediction.id, (signal) => getPredictionChart(prediction.id, "waterfall", signal));
  return (
    <div class="card">
      <div class="chart-slot chart-slot-tall">
        <Loaded resource={chart} rows={8}>
          {(figure) => <Chart tall figure={figure} description={`${way}, feature by feature`} />}
        </Loaded>
      </div>
      <details>
        <summary>Contribution of each feature</summary>
        <Table
          caption="Contribution of each feature"
          rows={[...prediction.features].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))}
          rowKey={(row) => row.feature}
          columns={[
            { title: "Feature", cell: (row) => row.feature },
            { title: "Value", numeric: true, cell: (row) => cell(row.value) },
            { title: "Contribution", numeric: true, cell: (row) => signed(row.contribution) },
          ]}
        />
      </details>
    </div>
  );
}

function edgeColumns(record: StoredPrediction): readonly Column<EdgeContribution>[] {
  return [
    {
      title: "Edge",
      cell: (edge) => (
        <a
          href={
            address`/models/${record.model}/versions/${record.version}` +
            `?edge=${encodeURIComponent(edge.edge)}`
          }
        >
          {edge.source} → {edge.target}
        </a>
      ),
    },
    { title: "Form", cell: (edge) => <FormBadge form={edge.form} /> },
    {
      title: "Input",
      numeric: true,
      cell: (edge) => (
        <>
          {cell(edge.input)} {!edge.in_domain && <span class="badge badge-warn">outside</span>}
        </>
      ),
    },
    { title: "Activation", numeric: true, cell: (edge) => number(edge.activation) },
    { title: "Contribution", numeric: true, cell: (edge) => signed(edge.contribution) },
  ];
}

function Evidence({ record }: { record: StoredPrediction }) {
  const [replayed, setReplayed] = useState<Replay | null>(null);
  const { id } = record.prediction;
  const replay = useAction(async () => setReplayed(await replayPrediction(id)));
  const permalink = `${window.location.origin}${address`/predictions/${id}`}`;
  return (
    <div class="card">
      <Facts
        facts={[
          [
            "Record",
            <>
              <a href={address`/predictions/${id}`}>
                <code>{id}</code>
              </a>{" "}
              <CopyButton text={permalink} label="Copy the permanent address" />
            </>,
          ],
          [
            "Version",
            <a
              href={address`/models/${record.model}/versions/${record.version}`}
            >{`${record.model}, version ${record.version}`}</a>,
          ],
          ["Digest of the version", <Digest digest={record.digest} label="digest of the version" />],
          ["Digest of the record", <Digest digest={record.record_digest} label="digest of the record" />],
          ["Made", `${moment(record.created_at)} by ${record.created_by}`],
          ["Kind", record.trial ? "trial: made on a version that was not approved" : "decision"],
        ]}
      />
      {may("replay_prediction") && (
        <button type="button" class="button" disabled={replay.busy} onClick={() => void replay.run()}>
          {replay.busy ? "Replaying…" : "Replay"}
        </button>
      )}
      <div role="status">{replayed && <ReplayOutcome replay={replayed} />}</div>
      {replay.problem && <ProblemNote problem={replay.problem} />}
      <details>
        <summary>The row as it was sent</summary>
        <Facts facts={Object.entries(record.row).map(([name, value]) => [name, cell(value)])} />
      </details>
    </div>
  );
}

function ReplayOutcome({ replay }: { replay: Replay }) {
  return replay.identical ? (
    <p class="note note-good">
      <strong>✓ Identical bits.</strong> Computed again from the stored version, the record has the same
      digest <code>{replay.replayed_digest}</code>.
    </p>
  ) : (
    <p class="note note-bad">
      <strong>✕ The bits differ.</strong> Stored: <code>{replay.stored_digest}</code>, computed again:{" "}
      <code>{replay.replayed_digest}</code>. Tell the administrator.
    </p>
  );
}
