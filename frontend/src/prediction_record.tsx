// A decision record: the output on both scales, how it comes about, warnings, proof that it adds up.
import { useEffect, useRef } from "preact/hooks";

import { getPrediction, getPredictionChart } from "./api/operations";
import type { EdgeContribution, Prediction, StoredPrediction } from "./api/types";
import { Chart } from "./charts/chart";
import { FlowChart } from "./flow_chart";
import { FormBadge } from "./components/badge";
import { Loaded } from "./components/loaded";
import { Section } from "./components/page";
import { Table, type Column } from "./components/table";
import { CounterfactualSection } from "./counterfactuals";
import { cell, number, signed } from "./format";
import { t, tx } from "./messages";
import { LINK_SCALES, outputName, outputText } from "./prediction/answer";
import { RecordComparison } from "./prediction/comparison";
import { Evidence } from "./prediction/evidence";
import { intervalText } from "./prediction/interval";
import { Reasons } from "./reasons/reason_list";
import { useResource } from "./resource";
import { address } from "./router";
import { may } from "./session";

const WARNINGS = {
  out_of_domain: t("lies outside the values seen in training; its curve is continued as a straight line."),
  unseen_category: t("has a category that was not seen in training."),
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
      <div class="result" ref={heading} tabIndex={-1} role="group" aria-label={t("Result")}>
        <Output prediction={prediction} record={record} />
        {prediction.warnings.map((warning) => (
          <p class="note note-warn" key={warning.code + warning.feature}>
            <strong>{warning.feature}</strong> {WARNINGS[warning.code]} <code>{warning.code}</code>
          </p>
        ))}
      </div>
      <p class="form-actions">
        <a class="button" href={address`/models/${record.model}/versions/${record.version}/predict` + `?from=${prediction.id}`}>
          {t("Try other values")}
        </a>
      </p>
      {prediction.reasons.length > 0 && <Reasons reasons={prediction.reasons} rules={prediction.reason_rules} />}
      <Section title={t("From the base value to the output")}>
        <Waterfall record={record} />
      </Section>
      <Section title={t("Contribution of each edge")}>
        <p class="hint">
          {tx(
            "The contributions of every layer add up to the output minus the base value. Largest residual: {0}, tolerance {1}.",
            prediction.identity.max_abs_residual.toExponential(1),
            prediction.identity.tolerance.toExponential(0),
          )}
        </p>
        <Table
          caption={t("Contribution of each edge")}
          columns={edgeColumns(record)}
          rows={[...prediction.edges].sort(bySize)}
          rowKey={(edge) => edge.edge}
        />
        {prediction.edges.length > 0 && <FlowChart record={record} />}
      </Section>
      <RecordComparison record={record} />
      {may("create_version_counterfactuals") && <CounterfactualSection record={record} />}
      <Section title={t("Record")}>
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
          <span class="metric-name">{tx("Output ({0})", LINK_SCALES[record.link])}</span>
          <span class="metric-value">{number(output.link)}</span>
        </li>
      )}
      <li>
        <span class="metric-name">{t("Base value")}</span>
        <span class="metric-value">{number(prediction.base_value)}</span>
        <span class="hint">
          {tx(
            "average over the {0} reference{1}",
            prediction.reference,
            prediction.reference_revision ? t(", revision {0}", prediction.reference_revision) : "",
          )}
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
  const way = t(
    "From the base value {0} to the output {1}",
    number(prediction.base_value),
    number(prediction.output.link),
  );
  const chart = useResource(prediction.id, (signal) => getPredictionChart(prediction.id, "waterfall", signal));
  return (
    <div class="card">
      <div class="chart-slot chart-slot-tall">
        <Loaded resource={chart} rows={8}>
          {(figure) => <Chart tall figure={figure} description={t("{0}, feature by feature", way)} />}
        </Loaded>
      </div>
      <details>
        <summary>{t("Contribution of each feature")}</summary>
        <Table
          caption={t("Contribution of each feature")}
          rows={[...prediction.features].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))}
          rowKey={(row) => row.feature}
          columns={[
            { title: t("Feature"), cell: (row) => row.feature },
            { title: t("Value"), numeric: true, cell: (row) => cell(row.value) },
            { title: t("Contribution"), numeric: true, cell: (row) => signed(row.contribution) },
          ]}
        />
      </details>
    </div>
  );
}

function edgeColumns(record: StoredPrediction): readonly Column<EdgeContribution>[] {
  return [
    {
      title: t("Edge"),
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
    { title: t("Form"), cell: (edge) => <FormBadge form={edge.form} /> },
    {
      title: t("Input"),
      numeric: true,
      cell: (edge) => (
        <>
          {cell(edge.input)} {!edge.in_domain && <span class="badge badge-warn">{t("outside")}</span>}
        </>
      ),
    },
    { title: t("Activation"), numeric: true, cell: (edge) => number(edge.activation) },
    { title: t("Contribution"), numeric: true, cell: (edge) => signed(edge.contribution) },
  ];
}
