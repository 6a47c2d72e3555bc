// One version: what it is, how well it does, and its network, edge by edge.
import { useState } from "preact/hooks";

import { createReview, getNetwork, getVersion } from "../api/operations";
import type { Network, Version } from "../api/types";
import { Certificates } from "../certificates";
import { Calibration } from "../charts/calibration";
import { ChallengerSection } from "../challengers";
import { LossCurve } from "../charts/loss_curve";
import { AliasBadge, StateBadge } from "../components/badge";
import { Dialog } from "../components/dialog";
import { TextArea } from "../components/field";
import { Form } from "../components/form";
import { Later } from "../components/later";
import { Loaded } from "../components/loaded";
import { Facts, PageFrame, Section } from "../components/page";
import { ConfigurationFacts } from "../configuration_facts";
import { Exports } from "../exports";
import { plural } from "../format";
import { Learned } from "../learned/learned";
import { t, tx } from "../messages";
import { NetworkExplorer } from "../network/explorer";
import { References } from "../references";
import { Approval } from "../review/approval";
import { Findings } from "../review/findings";
import { UseOfVersion } from "../review/suspension";
import { useAction, useResource } from "../resource";
import { address, navigate } from "../router";
import { may } from "../session";
import { EdgeRevision } from "../revision/edge_revision";
import { NetworkRevision } from "../revision/network_revision";
import { TrainingStages } from "../training_stages";
import { Agreement } from "../version/agreement";
import { WholeFormula } from "../version/formula";
import { VersionHeader } from "../version/header";
import { Steps } from "../version/steps";

export function VersionPage({ model, version }: { model: string; version: string }) {
  const key = `${model}/${version}`;
  const entry = useResource(key, (signal) => getVersion(model, version, signal));
  const network = useResource(key, (signal) => getNetwork(model, version, signal));
  return (
    <PageFrame
      wide
      title={t("Version {0}", version)}
      trail={[
        [t("Models"), "/models"],
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
        {(data) => (
          <>
            <UseOfVersion version={data} onChanged={entry.reload} />
            <Steps version={data} />
            <VersionHeader version={data} />
          </>
        )}
      </Loaded>
      <Section title={t("Network")}>
        <Loaded resource={network} rows={12}>
          {(data) => (
            <NetworkExplorer
              model={model}
              version={Number(version)}
              network={data}
              earlier={entry.data?.parent ? { version: entry.data.parent, role: t("its parent") } : null}
              revise={
                mayRevise(entry.data)
                  ? (edge) => entry.data && <EdgeRevision key={edge} version={entry.data} network={data} edge={edge} />
                  : undefined
              }
            />
          )}
        </Loaded>
      </Section>
      <Later isNext={network.data !== undefined || network.problem !== undefined} rows={12}>
        <Section title={t("Certificates")}>
          <Certificates model={model} version={version} />
        </Section>
        <Section title={t("Challengers")}>
          <ChallengerSection model={model} version={Number(version)} />
        </Section>
        {entry.data?.review_id && <Approval version={entry.data} reviewId={entry.data.review_id} />}
        <Findings model={model} version={Number(version)} />
        <Learned model={model} version={Number(version)} />
        {entry.data && <Background version={entry.data} network={network.data ?? null} />}
      </Later>
    </PageFrame>
  );
}

function mayRevise(version: Version | undefined): boolean {
  return version !== undefined && version.state !== "retired" && may("create_revision");
}

function Actions({ version }: { version: Version }) {
  const [submitting, setSubmitting] = useState(false);
  const [revising, setRevising] = useState(false);
  const mayPredict =
    version.state === "approved" ? may("create_version_predictions") : may("create_trial_predictions");
  return (
    <>
      {mayPredict && (
        <a class="button" href={address`/models/${version.model}/versions/${version.number}/predict`}>
          {version.state === "approved" ? t("Predict") : t("Try a prediction")}
        </a>
      )}
      {mayRevise(version) && (
        <button type="button" class="button" onClick={() => setRevising(true)}>
          {t("Prune or refine")}
        </button>
      )}
      {revising && (
        <NetworkRevision
          model={version.model}
          version={version.number}
          active={version.active_edges}
          onClose={() => setRevising(false)}
        />
      )}
      {version.review_id && (
        <a class="button primary" href={address`/reviews/${version.review_id}`}>{t("Open the review")}</a>
      )}
      {version.state === "candidate" && may("create_review") && (
        <button type="button" class="button primary" onClick={() => setSubmitting(true)}>
          {t("Submit for review")}
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
    <Dialog title={t("Submit version {0} for review", version.number)} onClose={onClose}>
      <Form
        action={submit}
        shownAt={["/summary"]}
        submit={t("Submit for review")}
        busy={t("Submitting…")}
        cancel={onClose}
      >
        <p>
          {tx(
            "An auditor who did not contribute to it will look at each of its {0}.",
            plural(version.active_edges, "edge"),
          )}
        </p>
        <TextArea
          label={t("Summary")}
          hint={t("What the reviewer should know: what has changed and why, what to look at closely.")}
          value={summary}
          onValue={setSummary}
          required
          error={submit.problem?.at("/summary")}
        />
      </Form>
    </Dialog>
  );
}

function Background({ version, network }: { version: Version; network: Network | null }) {
  const [formulaOpen, setFormulaOpen] = useState(false);
  const { model, number: versionNumber } = version;
  return (
    <Section title={t("Background")}>
      <details class="card" onToggle={(event) => setFormulaOpen(event.currentTarget.open)}>
        <summary>{t("The whole formula")}</summary>
        {formulaOpen && <WholeFormula model={model} version={versionNumber} />}
      </details>
      {network?.agreement && (
        <details class="card">
          <summary>{t("How faithful the formulas are")}</summary>
          <Agreement agreement={network.agreement} before={t("those with splines")} />
        </details>
      )}
      {network?.parent_agreement && (
        <details class="card">
          <summary>{t("How far it is from its parent")}</summary>
          <Agreement agreement={network.parent_agreement} before={t("those of version {0}", version.parent)} />
        </details>
      )}
      {version.calibration && (
        <details class="card">
          <summary>{t("Calibration")}</summary>
          <Calibration bins={version.calibration} />
        </details>
      )}
      <details class="card">
        <summary>{t("References")}</summary>
        <References version={version} />
      </details>
      <details class="card">
        <summary>{t("Use it elsewhere")}</summary>
        <Exports version={version} />
      </details>
      <details class="card">
        <summary>{t("How it was trained")}</summary>
        <LossCurve history={version.history} />
        <h3>{t("Stages")}</h3>
        <TrainingStages stages={network?.stages ?? []} />
        <h3>{t("Settings")}</h3>
        <ConfigurationFacts configuration={version.configuration} directions={version.columns.monotone} />
      </details>
      <details class="card">
        <summary>{t("Libraries and split")}</summary>
        <Facts facts={Object.entries(version.library_versions)} />
        <h3>{t("Split")}</h3>
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
