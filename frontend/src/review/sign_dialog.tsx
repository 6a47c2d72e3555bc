// Signing: the verdict, the statement in one's own words, the exact digests, the password again.
import { useState } from "preact/hooks";

import { Problem } from "../api/client";
import { createSignature } from "../api/operations";
import type { Meaning, Review, Verdict } from "../api/types";
import { Dialog } from "../components/dialog";
import { PasswordField, SelectField, TextArea } from "../components/field";
import { Form } from "../components/form";
import { plural } from "../format";
import { heldProof } from "../identity_provider/departure";
import { ProofField } from "../identity_provider/proof_field";
import { t, tx } from "../messages";
import { useAction } from "../resource";
import { CodeField, useCode } from "../second_factor/code";
import { session } from "../session";
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
  const hasPassword = session.value.status !== "signed-in" || session.value.me.has_password;
  const submit = async (typed: string | null): Promise<void> => {
    try {
      const { artifact_digest, decisions_digest } = review;
      const limits = limitsOf(verdict === "approved" ? limitsDraft : NO_LIMITS);
      const shown = hasPassword ? { password, code: typed } : { proof: heldProof.value?.proof ?? null };
      const signed = { verdict, statement, artifact_digest, decisions_digest, limits, ...shown };
      const utc_offset_minutes = -new Date().getTimezoneOffset();
      const meant = verdict === "approved" ? meaning : "rejection";
      const sent = await createSignature(review.id, { ...signed, meaning: meant, utc_offset_minutes });
      heldProof.value = null;
      onSigned(sent);
    } catch (error) {
      if (error instanceof Problem && STALE.has(error.code)) onStale();
      if (error instanceof Problem && error.code === "proof_required") heldProof.value = null;
      throw error;
    }
  };
  const sign = useAction(() => code.use(submit));
  return (
    <Dialog title={t("Sign the review of {0}, version {1}", review.model, review.version)} onClose={onClose}>
      <Form
        action={sign}
        shownAt={["/statement", "/password", "/code"]}
        disabled={!hasPassword && heldProof.value === null}
        submit={verdict === "approved" ? t("Sign the approval") : t("Sign the rejection")}
        busy={t("Signing…")}
        cancel={onClose}
      >
        <p>{countDecisions(review)}</p>
        <VerdictChoice verdict={verdict} mayApprove={mayApprove} onVerdict={setVerdict} />
        {verdict === "approved" && (
          <SelectField
            label={t("Meaning")}
            hint={t("Of those who make the quorum, one at least must mean the approval.")}
            value={meaning}
            onValue={(value) => setMeaning(value as Meaning)}
            options={[
              ["approval", t("I approve its use")],
              ["review", t("I have reviewed it")],
              ["responsibility", t("I take responsibility for it")],
            ]}
          />
        )}
        <TextArea
          label={t("Statement")}
          hint={t("In your own words: what you have examined and what you conclude.")}
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
        {hasPassword ? (
          <PasswordField
            label={t("Password")}
            hint={t("Your password again: this is your signature.")}
            value={password}
            onValue={setPassword}
            error={sign.problem?.at("/password")}
          />
        ) : (
          <ProofField />
        )}
        {code.isAsked && <CodeField value={code.value} onValue={code.set} error={sign.problem?.at("/code")} />}
      </Form>
    </Dialog>
  );
}

function countDecisions(review: Review): string {
  const decided = review.edges.filter((edge) => edge.decision !== null);
  const rejected = decided.filter((edge) => edge.decision === "rejected");
  return t(
    "{0} of {1} decided, {2} rejected.",
    plural(decided.length, "edge"),
    review.edges.length,
    rejected.length,
  );
}

interface VerdictChoiceProps {
  verdict: Verdict;
  mayApprove: boolean;
  onVerdict: (verdict: Verdict) => void;
}

function VerdictChoice({ verdict, mayApprove, onVerdict }: VerdictChoiceProps) {
  return (
    <fieldset>
      <legend>{t("Verdict")}</legend>
      <label class="check">
        <input
          type="radio"
          name="verdict"
          checked={verdict === "approved"}
          disabled={!mayApprove}
          onChange={() => onVerdict("approved")}
        />
        <span>
          {tx(
            "Approve this version for use{0}",
            !mayApprove && <span class="hint">{t(" (every edge must be accepted first)")}</span>,
          )}
        </span>
      </label>
      <label class="check">
        <input
          type="radio"
          name="verdict"
          checked={verdict === "rejected"}
          onChange={() => onVerdict("rejected")}
        />
        <span>{t("Reject this version")}</span>
      </label>
    </fieldset>
  );
}

function SignedDigests({ review }: { review: Review }) {
  return (
    <dl class="digests">
      <dt>{t("You sign this artifact")}</dt>
      <dd>
        <code>{review.artifact_digest}</code>
      </dd>
      <dt>{t("with these decisions")}</dt>
      <dd>
        <code>{review.decisions_digest}</code>
      </dd>
    </dl>
  );
}
