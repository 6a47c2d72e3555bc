// Signing: the verdict, the statement in one's own words, the exact digests, the password again.
import { useState } from "preact/hooks";

import { Problem } from "../api/client";
import { createSignature } from "../api/operations";
import type { Meaning, Review, Verdict } from "../api/types";
import { Dialog } from "../components/dialog";
import { PasswordField, SelectField, TextArea } from "../components/field";
import { Form } from "../components/form";
import { plural } from "../format";
import { useAction } from "../resource";
import { CodeField, useCode } from "../second_factor/code";
import { LimitsFields, limitsOf, NO_LIMITS } from "./limits_fields";

interface SignDialogProps {
  review: Review;
  onClose: () => void;
  /** The review has changed under our hands. */
  onStale: () => void;
  onSigned: (review: Review) => void;
}

const STALE = new Set(["stale_digest", "stale_decisions"]);

export function SignDialog({ review, onClose, onStale, onSigned }: SignDialogProps) {
  const mayApprove = review.edges.every((edge) => edge.decision === "accepted");
  const [verdict, setVerdict] = useState<Verdict>(mayApprove ? "approved" : "rejected");
  const [meaning, setMeaning] = useState<Meaning>("approval");
  const [statement, setStatement] = useState("");
  const [password, setPassword] = useState("");
  const [limitsDraft, setLimits] = useState(NO_LIMITS);
  const code = useCode();
  const submit = async (typed: string | null): Promise<void> => {
    try {
      const { artifact_digest, decisions_digest } = review;
      const limits = limitsOf(verdict === "approved" ? limitsDraft : NO_LIMITS);
      const signed = { verdict, statement, artifact_digest, decisions_digest, password, limits, code: typed };
      const utc_offset_minutes = -new Date().getTimezoneOffset();
      const meant = verdict === "approved" ? meaning : "rejection";
      onSigned(await createSignature(review.id, { ...signed, meaning: meant, utc_offset_minutes }));
    } catch (error) {
      if (error instanceof Problem && STALE.has(error.code)) onStale();
      throw error;
    }
  };
  const sign = useAction(() => code.use(submit));
  return (
    <Dialog title={`Sign the review of ${review.model}, version ${review.version}`} onClose={onClose}>
      <Form
        action={sign}
        shownAt={["/statement", "/password", "/code"]}
        submit={verdict === "approved" ? "Sign the approval" : "Sign the rejection"}
        busy="Signing…"
        cancel={onClose}
      >
        <p>{countDecisions(review)}</p>
        <VerdictChoice verdict={verdict} mayApprove={mayApprove} onVerdict={setVerdict} />
        {verdict === "approved" && (
          <SelectField
            label="Meaning"
            hint="Of those who make the quorum, one at least must mean the approval."
            value={meaning}
            onValue={(value) => setMeaning(value as Meaning)}
            options={[
              ["approval", "I approve its use"],
              ["review", "I have reviewed it"],
              ["responsibility", "I take responsibility for it"],
            ]}
          />
        )}
        <TextArea
          label="Statement"
          hint="In your own words: what you have examined and what you conclude."
          required
          value={statement}
          onValue={setStatement}
          error={sign.problem?.at("/statement")}
        />
        {verdict === "approved" && (
          <LimitsFields
            limits={limitsDraft}
            onLimits={setLimits}
            at={(pointer) => sign.problem?.at(pointer)}
          />
        )}
        <SignedDigests review={review} />
        <PasswordField
          label="Password"
          hint="Your password again: this is your signature."
          value={password}
          onValue={setPassword}
          error={sign.problem?.at("/password")}
        />
        {code.isAsked && <CodeField value={code.value} onValue={code.set} error={sign.problem?.at("/code")} />}
      </Form>
    </Dialog>
  );
}

function countDecisions(review: Review): string {
  const decided = review.edges.filter((edge) => edge.decision !== null);
  const rejected = decided.filter((edge) => edge.decision === "rejected");
  return `${plural(decided.length, "edge")} of ${review.edges.length} decided, ${rejected.length} rejected.`;
}

interface VerdictChoiceProps {
  verdict: Verdict;
  mayApprove: boolean;
  onVerdict: (verdict: Verdict) => void;
}

function VerdictChoice({ verdict, mayApprove, onVerdict }: VerdictChoiceProps) {
  return (
    <fieldset>
      <legend>Verdict</legend>
      <label class="check">
        <input
          type="radio"
          name="verdict"
          checked={verdict === "approved"}
          disabled={!mayApprove}
          onChange={() => onVerdict("approved")}
        />
        <span>
          Approve this version for use
          {!mayApprove && <span class="hint"> (every edge must be accepted first)</span>}
        </span>
      </label>
      <label class="check">
        <input
          type="radio"
          name="verdict"
          checked={verdict === "rejected"}
          onChange={() => onVerdict("rejected")}
        />
        <span>Reject this version</span>
      </label>
    </fieldset>
  );
}

function SignedDigests({ review }: { review: Review }) {
  return (
    <dl class="digests">
      <dt>You sign this artifact</dt>
      <dd>
        <code>{review.artifact_digest}</code>
      </dd>
      <dt>with these decisions</dt>
      <dd>
        <code>{review.decisions_digest}</code>
      </dd>
    </dl>
  );
}
