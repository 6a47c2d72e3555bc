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
import { GATES, type Gate } from "../review/gate_words";
import { useAction, useResource, type Resource } from "../resource";
import { address } from "../router";
import { may } from "../session";

export function ReviewPolicyPage({ model }: { model: string }) {
  const policy = useResource(model, (signal) => getReviewPolicy(model, signal));
  return (
    <PageFrame
      title="Review policy"
      lead="Reviews that are open keep the policy under which they began; the next one follows this."
      trail={[
        ["Models", "/models"],
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
          ["Signatures", plural(policy.quorum, "person", "people")],
          ["Who may sign", policy.signers?.join(", ") ?? "every independent auditor"],
          ["Gates", gates.map(([, name]) => name).join(", ") || "none"],
          ["Decisions that formulas may change", `at most ${number(100 * (policy.largest_flipped ?? 0.05))} %`],
          ["Origin", is_default ? "default of the risk tier" : "settled by an administrator"],
          ["Digest", <Digest digest={digest} label="digest of the policy" />],
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
  const [flipped, setFlipped] = useState(String(100 * (policy.largest_flipped ?? 0.05)));
  const save = useAction(async () => {
    try {
      const body = policyOf(quorum, signers, gates, flipped);
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
      submit="Settle this policy"
      busy="Saving…"
      cancel={address`/models/${shown.model}`}
    >
      <TextField
        label="Distinct people who must sign an approval"
        hint="A rejection needs one. Never fewer than the risk tier asks for."
        value={quorum}
        onValue={setQuorum}
        error={at("/quorum")}
        input={{ type: "number", min: 1, max: 9, step: 1, required: true }}
      />
      <TextArea
        label="Who may sign"
        hint="Sign-in names, one a line. Empty: every auditor who did not contribute."
        value={signers}
        onValue={setSigners}
        error={at("/signers")}
      />
      <GateChoice gates={gates} onGates={setGates} />
      <TextField
        label="Decisions that formulas may change, in %"
        hint="For the gate of fidelity: the share of held-out rows that formulas decide otherwise than splines."
        value={flipped}
        onValue={setFlipped}
        error={at("/largest_flipped")}
        input={{ type: "number", min: 0, max: 100, step: "any", required: true }}
      />
    </Form>
  );
}

function policyOf(quorum: string, signers: string, gates: readonly Gate[], flipped: string): ReviewPolicy {
  const names = signers.split(/\s*[\n,]\s*/).filter((name) => name.trim());
  return {
    quorum: Number(quorum),
    signers: names.length > 0 ? names.map((name) => name.trim()) : null,
    gates: [...gates],
    largest_flipped: Number(flipped) / 100,
  };
}

function GateChoice({ gates, onGates }: { gates: readonly Gate[]; onGates: (gates: readonly Gate[]) => void }) {
  const toggle = (gate: Gate): void =>
    onGates(gates.includes(gate) ? gates.filter((one) => one !== gate) : [...gates, gate]);
  return (
    <fieldset>
      <legend>Gates that must be open</legend>
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
