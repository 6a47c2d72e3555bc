// One version: what it is, how well it does, and its network, edge by edge.
import { useState } from "preact/hooks";

import { createReview, getFormula, getNetwork, getVersion } from "../api/operations";
import type { Formula, FormulaAgreement, Network, Version } from "../api/types";
import { Certificates } from "../certificates";
import { LossCurve } from "../charts/loss_curve";
import { AliasBadge, StateBadge } from "../components/badge";
import { CopyButton, Digest } from "../components/digest";
import { Dialog } from "../components/dialog";
import { TextArea } from "../components/field";
import { Form } from "../components/form";
import { FormulaView } from "../components/formula";
import { Loaded } from "../components/loaded";
import { Facts, PageFrame, Section } from "../components/page";
import { ConfigurationFacts } from "../configuration_facts";
import { Exports } from "../exports";
import { metricName, moment, number, plural } from "../format";
import { Learned } from "../learned/learned";
import { NetworkExplorer } from "../network/explorer";
import { References } from "../references";
import { useAction, useResource } from "../resource";
import { address, navigate } from "../router";
import { may } from "../session";
import { TrainingStages } from "../training_stages";

export function VersionPage({ model, version }: { model: string; version: string }) {
  const key = `${model}/${version}`;
  const entry = useResource(key, (signal) => getVersion(model, version, signal));
  const network = useResource(key, (signal) => getNetwork(model, version, signal));
  return (
    <PageFrame
      wide
      title={`Version ${version}`}
      trail={[
        ["Models", "/models"],
        [model, address`/models/${model}`],
      ]}
      badges={
        entry.data && (
          <>
            <StateBadge state={entry.data.state} />
            {entry.data.aliases.map((alias) => (
              <AliasBadge key={alias} alias={alias} />
            ))}
          </>
        )
      }
      actions={entry.data && <Actions version={entry.data} />}
    >
      <Loaded resource={entry} rows={3}>
        {(data) => <Header version={data} />}
      </Loaded>
      <Section title="Network">
        <Loaded resource={network} rows={12}>
          {(data) => <NetworkExplorer model={model} version={Number(version)} network={data} />}
        </Loaded>
      </Section>
      <Section title="Certificates">
        <Certificates model={model} version={version} />
      </Section>
      <Learned model={model} version={Number(version)} />
      {entry.data && <Background version={entry.data} network={network.data ?? null} />}
    </PageFrame>
  );
}

function Actions({ version }: { version: Version }) {
  const [submitting, setSubmitting] = useState(false);
  const mayPredict =
    version.state === "approved" ? may("create_version_predictions") : may("create_trial_predictions");
  return (
    <>
      {mayPredict && (
        <a class="button" href={address`/models/${version.model}/versions/${version.number}/predict`}>
          {version.state === "approved" ? "Predict" : "Try a prediction"}
        </a>
      )}
      {version.review_id && (
        <a class="button primary" href={address`/reviews/${version.review_id}`}>
          Open the review
        </a>
      )}
      {version.state === "candidate" && may("create_review") && (
        <button type="button" class="button primary" onClick={() => setSubmitting(true)}>
          Submit for review
        </button>
      )}
      {submitting && <SubmitDialog version={version} onClose={() => setSubmitting(false)} />}
    </>
  );
}

function SubmitDialog({ version, onClose }: { version: Version; onClose: () => void }) {
  const [summary, setSummary] = useState("");
  const submit = useAction(async () => {
    const review = await createReview({ model: version.model, version: version.number, summary });
    navigate(address`/reviews/${review.id}`);
  });
  return (
    <Dialog title={`Submit version ${version.number} for review`} onClose={onClose}>
      <Form
        action={submit}
        shownAt={["/summary"]}
        submit="Submit for review"
        busy="Submitting…"
        cancel={onClose}
      >
        <p>
          An auditor who did not contribute to it will look at each of its{" "}
          {plural(version.active_edges, "edge")}.
        </p>
        <TextArea
          label="Summary"
          hint="What the reviewer should know: what has changed and why, what to look at closely."
          value={summary}
          onValue={setSummary}
          required
          error={submit.problem?.at("/summary")}
        />
      </Form>
    </Dialog>
  );
}

function Header({ version }: { version: Version }) {
  return (
    <>
      <ul class="metrics" aria-label="Metrics on held-out rows">
        {version.metrics.map((metric) => (
          <li key={metric.name}>
            <span class="metric-name">{metricName(metric.name)}</span>
            <span class="metric-value">{number(metric.value)}</span>
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
            ["Parent", version.parent === null ? "none" : `Version ${version.parent}`],
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

function Background({ version, network }: { version: Version; network: Network | null }) {
  const [formulaOpen, setFormulaOpen] = useState(false);
  const { model, number: versionNumber } = version;
  return (
    <Section title="Background">
      <details class="card" onToggle={(event) => setFormulaOpen(event.currentTarget.open)}>
        <summary>The whole formula</summary>
        {formulaOpen && <WholeFormula model={model} version={versionNumber} />}
      </details>
      {network?.agreement && (
        <details class="card">
          <summary>How faithful the formulas are</summary>
          <Agreement agreement={network.agreement} />
        </details>
      )}
      <details class="card">
        <summary>References</summary>
        <References version={version} />
      </details>
      <details class="card">
        <summary>Use it elsewhere</summary>
        <Exports version={version} />
      </details>
      <details class="card">
        <summary>How it was trained</summary>
        <LossCurve history={version.history} />
        <h3>Stages</h3>
        <TrainingStages stages={network?.stages ?? []} />
        <h3>Settings</h3>
        <ConfigurationFacts configuration={version.configuration} directions={version.columns.monotone} />
      </details>
      <details class="card">
        <summary>Libraries and split</summary>
        <Facts facts={Object.entries(version.library_versions)} />
        <h3>Split</h3>
        <Facts
          facts={Object.entries(version.split).map(([name, value]) => [
            name.replaceAll("_", " "),
            String(value),
          ])}
        />
      </details>
    </Section>
  );
}

function WholeFormula({ model, version }: { model: string; version: number }) {
  const formula = useResource(`${model}/${version}`, (signal) => getFormula(model, version, signal));
  return <Loaded resource={formula}>{(data) => <FormulaDetails formula={data} />}</Loaded>;
}

function FormulaDetails({ formula }: { formula: Formula }) {
  return (
    <>
      <FormulaView latex={formula.latex} text={formula.text} />
      <p class="hint">
        Complexity {formula.complexity}: functions count by their weight, splines by the number of their coefficients.
      </p>
      <p>
        As text <CopyButton text={formula.text} label="Copy the formula as text" />
      </p>
      {formula.spline_edges.length > 0 && (
        <p class="hint">
          {plural(formula.spline_edges.length, "edge")} without a closed form stand as φ with their number:{" "}
          {formula.spline_edges.join(", ")}.
        </p>
      )}
    </>
  );
}

/** Formulas against the splines that they replaced. */
function Agreement({ agreement }: { agreement: FormulaAgreement }) {
  const share = (value: number): string => `${number(100 * value)} %`;
  const bounds = agreement.proved_link_bounds.map((bound) => (bound === null ? "not proved" : number(bound)));
  return (
    <>
      <p class="hint">
        The answers with formulas against those with splines, on {plural(agreement.rows, "row")} that no training
        has seen.
      </p>
      <Facts
        facts={[
          ["Typical difference (RMS)", number(agreement.rmse)],
          ["Largest difference", number(agreement.largest)],
          ["Largest over the whole domain, sampled", number(agreement.largest_dense)],
          ...(agreement.flipped === null ? [] : [["Decisions that differ", share(agreement.flipped)] as const]),
          ...(agreement.same_top === null
            ? []
            : [["Rows with the same four main reasons", share(agreement.same_top)] as const]),
          ["Proved bound over the whole domain, link scale", bounds.join(", ")],
        ]}
      />
    </>
  );
}
