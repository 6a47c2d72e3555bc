// Findings about a version: raised by who inspects, resolved by the owner, closed by who raised them.
import { useState } from "preact/hooks";

import { createFinding, listFindings, resolveFinding, verifyFinding } from "../api/operations";
import type { Finding, FindingRequest } from "../api/types";
import { StateBadge } from "../components/badge";
import { Dialog } from "../components/dialog";
import { SelectField, TextArea, TextField } from "../components/field";
import { Form } from "../components/form";
import { Loaded } from "../components/loaded";
import { Section } from "../components/page";
import { Table, type Column } from "../components/table";
import { t, tx } from "../messages";
import { useAction, useResource } from "../resource";
import { may } from "../session";
import { ReasonDialog } from "./reason_dialog";

type Step = "resolve" | "close" | "reopen";

export function Findings({ model, version }: { model: string; version: number }) {
  const findings = useResource(`${model}/${version}`, (signal) => listFindings(model, version, signal));
  const [raising, setRaising] = useState(false);
  const [step, setStep] = useState<readonly [Step, Finding] | null>(null);
  const done = (): void => {
    setRaising(false);
    setStep(null);
    findings.reload();
  };
  const raise = may("create_finding") && (
    <button type="button" class="button" onClick={() => setRaising(true)}>{t("Raise a finding")}</button>
  );
  return (
    <Section title={t("Findings")} actions={raise}>
      <Loaded resource={findings} rows={1}>
        {({ items }) =>
          items.length === 0 ? (
            <p class="hint">{t("Nobody has found anything.")}</p>
          ) : (
            <Table caption={t("Findings")} rows={items} rowKey={(row) => row.id} columns={columnsFor(setStep)} />
          )
        }
      </Loaded>
      {raising && <RaiseDialog model={model} version={version} onClose={() => setRaising(false)} onDone={done} />}
      {step && <StepDialog step={step[0]} finding={step[1]} onClose={() => setStep(null)} onDone={done} />}
    </Section>
  );
}

function columnsFor(onStep: (step: readonly [Step, Finding]) => void): Column<Finding>[] {
  const button = (step: Step, row: Finding, text: string) => (
    <button type="button" class="button" onClick={() => onStep([step, row])}>
      {text}
    </button>
  );
  return [
    { title: t("Finding"), cell: (row) => <Told finding={row} /> },
    { title: t("Severity"), cell: (row) => <StateBadge state={row.severity} /> },
    { title: t("State"), cell: (row) => <StateBadge state={row.state} /> },
    { title: t("Owner"), cell: (row) => row.owner },
    { title: t("Due"), cell: (row) => row.due_on },
    { title: t("Raised by"), cell: (row) => row.raised_by },
    {
      title: t("Action"),
      cell: (row) => (
        <>
          {row.may_resolve && button("resolve", row, t("Resolve"))}
          {row.may_verify && button("close", row, t("Close"))}
          {row.may_verify && button("reopen", row, t("Open again"))}
          {!row.may_resolve && !row.may_verify && "–"}
        </>
      ),
    },
  ];
}

function Told({ finding }: { finding: Finding }) {
  return (
    <details>
      <summary>{finding.title}</summary>
      <p>{finding.description}</p>
      {finding.resolution && <p>{tx("Put right: {0}", finding.resolution)}</p>}
      {finding.verification && <p>{tx("Verified: {0}", finding.verification)}</p>}
    </details>
  );
}

interface StepDialogProps {
  step: Step;
  finding: Finding;
  onClose: () => void;
  onDone: () => void;
}

const STEPS: Record<Step, readonly [title: string, label: string, submit: string]> = {
  resolve: [t("Resolve a finding"), t("How it was put right"), t("Resolve")],
  close: [t("Close a finding"), t("What you have seen"), t("Close")],
  reopen: [t("Open a finding again"), t("What is still to be put right"), t("Open again")],
};

function StepDialog({ step, finding, onClose, onDone }: StepDialogProps) {
  const [title, label, submit] = STEPS[step];
  const act = (text: string): Promise<Finding> =>
    step === "resolve" ? resolveFinding(finding.id, text) : verifyFinding(finding.id, step === "close", text);
  const asked = { title, label, submit, onClose, onDone, act };
  return <ReasonDialog {...asked} explanation={finding.title} />;
}

interface RaiseDialogProps {
  model: string;
  version: number;
  onClose: () => void;
  onDone: () => void;
}

function RaiseDialog({ model, version, onClose, onDone }: RaiseDialogProps) {
  const [draft, setDraft] = useState<FindingRequest>({
    severity: "medium",
    title: "",
    description: "",
    owner: "",
    due_on: "",
  });
  const set = (change: Partial<FindingRequest>): void => setDraft({ ...draft, ...change });
  const raise = useAction(async () => {
    await createFinding(model, version, draft);
    onDone();
  });
  const at = (field: string): string | undefined => raise.problem?.at(field);
  return (
    <Dialog title={t("Raise a finding")} onClose={onClose}>
      <Form action={raise} submit={t("Raise the finding")} busy={t("Sending…")} cancel={onClose}>
        <TextField label={t("Title")} value={draft.title} onValue={(title) => set({ title })} error={at("/title")} />
        <TextArea
          label={t("Description")}
          value={draft.description}
          onValue={(description) => set({ description })}
          required
          error={at("/description")}
        />
        <SelectField
          label={t("Severity")}
          value={draft.severity}
          onValue={(severity) => set({ severity: severity as FindingRequest["severity"] })}
          options={[
            ["low", t("Low")],
            ["medium", t("Medium")],
            ["high", t("High: no approval until it is closed")],
          ]}
        />
        <TextField
          label={t("Owner")}
          hint={t("The sign-in name of whoever must put it right.")}
          value={draft.owner}
          onValue={(owner) => set({ owner })}
          error={at("/owner")}
        />
        <TextField
          label={t("Due")}
          hint={t("Year, month and day, for example 2027-01-31.")}
          value={draft.due_on}
          onValue={(due_on) => set({ due_on })}
          error={at("/due_on")}
        />
      </Form>
    </Dialog>
  );
}
