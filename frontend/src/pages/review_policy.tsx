// What a review of a model's versions needs: who signs, how many, which gates must be open.
import { useState } from "preact/hooks";

import { Problem } from "../api/client";
import { getReviewPolicy, putReviewPolicy } from "../api/operations";
import type { ModelPolicy, ReviewPolicy } from "../api/types";
import { Digest } from "../components/digest";
import { TextArea, TextField } from "../components/field";
import { Form } from "../components/form";
import { Loaded } from "../components/loaded";
import { Facts, PageFrame } from "../components/page";
import { number, plural } from "../format";
import { t } from "../messages";
import { GATES, type Gate } from "../review/gate_words";
import { useAction, useResource, type Resource } from "../resource";
import { address } from "../router";
import { may } from "../session";

export function ReviewPolicyPage({ model }: { model: string }) {
  const policy = useResource(model, (signal) => getReviewPolicy(model, signal));
  return (
    <PageFrame
      title={t("Review policy")}
      lead={t("Reviews that are open keep the policy under which they began; the next one follows this.")}
      trail={[
        [t("Models"), "/models"],
        [model, address`/models/${model}`],
      ]}
    >
      <Loaded resource={policy} rows={6}>
        {(data) => (
          <>
            <InForce policy={data} />
            {may("put_review_policy") && <PolicyForm key={data.etag} policy={data} resource={policy} />}
          </>
        )}
      </Loaded>
    </PageFrame>
  );
}

function InForce({ policy: { policy, is_default, digest } }: { policy: ModelPolicy }) {
  const gates = GATES.filter(([gate]) => policy.gates.includes(gate));
  return (
    <div class="card">
      <Facts
        facts={[
          [t("Signatures"), plural(policy.quorum, "person", "people")],
          [t("Who may sign"), policy.signers?.join(", ") ?? t("every independent auditor")],
          [t("Gates"), gates.map(([, name]) => name).join(", ") || "none"],
          [t("Decisions that formulas may change"), t("at most {0} %", number(100 * (policy.largest_flipped ?? 0.05)))],
          [t("Origin"), is_default ? t("default of the risk tier") : t("settled by an administrator")],
          [t("Digest"), <Digest digest={digest} label={t("digest of the policy")} />],
        ]}
      />
    </div>
  );
}

function PolicyForm({ policy: shown, resource }: { policy: ModelPolicy; resource: Resource<ModelPolicy> }) {
  const { policy } = shown;
  const [quorum, setQuorum] = useState(String(policy.quorum));
  const [signers, setSigners] = useState((policy.signers ?? []).join("\n"));
  const [gates, setGates] = useState<readonly Gate[]>(policy.gates);
  const [secondFactor, setSecondFactor] = useState(policy.second_factor ?? false);
  const [flipped, setFlipped] = useState(String(100 * (policy.largest_flipped ?? 0.05)));
  const save = useAction(async () => {
    try {
      const body = policyOf(quorum, signers, gates, flipped, secondFactor);
      resource.replace(await putReviewPolicy(shown.model, shown.etag, body));
    } catch (error) {
      if (error instanceof Problem && error.status === 412) resource.reload();
      throw error;
    }
  });
  const at = (pointer: string): string | undefined => save.problem?.at(pointer);
  return (
    <Form
      action={save}
      card
      shownAt={["/quorum", "/signers", "/largest_flipped"]}
      submit={t("Settle this policy")}
      busy={t("Saving…")}
      cancel={address`/models/${shown.model}`}
    >
      <TextField
        label={t("Distinct people who must sign an approval")}
        hint={t("A rejection needs one. Never fewer than the risk tier asks for.")}
        value={quorum}
        onValue={setQuorum}
        error={at("/quorum")}
        input={{ type: "number", min: 1, max: 9, step: 1, required: true }}
      />
      <TextArea
        label={t("Who may sign")}
        hint={t("Sign-in names, one a line. Empty: every auditor who did not contribute.")}
        value={signers}
        onValue={setSigners}
        error={at("/signers")}
      />
      <label class="check">
        <input type="checkbox" checked={secondFactor} onChange={() => setSecondFactor(!secondFactor)} />
        <span>
          {t("Every signature needs a second factor")}{" "}
          <span class="hint">
            {t("a code of the signer's authenticator, or the identity provider's word for one")}
          </span>
        </span>
      </label>
      <GateChoice gates={gates} onGates={setGates} />
      <TextField
        label={t("Decisions that formulas may change, in %")}
        hint={t("For the gate of fidelity: the share of held-out rows that formulas decide otherwise than splines.")}
        value={flipped}
        onValue={setFlipped}
        error={at("/largest_flipped")}
        input={{ type: "number", min: 0, max: 100, step: "any", required: true }}
      />
    </Form>
  );
}

function policyOf(
  quorum: string,
  signers: string,
  gates: readonly Gate[],
  flipped: string,
  second_factor: boolean,
): ReviewPolicy {
  const names = signers.split(/\s*[\n,]\s*/).filter((name) => name.trim());
  return {
    quorum: Number(quorum),
    signers: names.length > 0 ? names.map((name) => name.trim()) : null,
    gates: [...gates],
    largest_flipped: Number(flipped) / 100,
    second_factor,
  };
}

function GateChoice({ gates, onGates }: { gates: readonly Gate[]; onGates: (gates: readonly Gate[]) => void }) {
  const toggle = (gate: Gate): void =>
    onGates(gates.includes(gate) ? gates.filter((one) => one !== gate) : [...gates, gate]);
  return (
    <fieldset>
      <legend>{t("Gates that must be open")}</legend>
      {GATES.map(([gate, name, explanation]) => (
        <label class="check" key={gate}>
          <input type="checkbox" checked={gates.includes(gate)} onChange={() => toggle(gate)} />
          <span>
            {name} <span class="hint">{explanation}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
