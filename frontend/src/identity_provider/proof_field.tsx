// In place of the password: the identity provider's fresh word for who signs.
import { ProblemNote } from "../components/problem";
import { moment } from "../format";
import { t } from "../messages";
import { useAction } from "../resource";
import { depart, heldProof } from "./departure";

export function ProofField() {
  const leave = useAction(() => depart("proof"));
  const proof = heldProof.value;
  if (proof !== null)
    return (
      <p class="note note-good">
        {t("The identity provider has confirmed who you are; sign until {0}.", moment(proof.valid_until))}
      </p>
    );
  return (
    <>
      {leave.problem && <ProblemNote problem={leave.problem} />}
      <p class="note">
        {t(
          "You have no password here: confirm at the identity provider who you are before you fill this in. You come back to this page and can then sign within five minutes.",
        )}
      </p>
      <p>
        <button type="button" class="button" disabled={leave.busy} onClick={() => void leave.run()}>
          {t("Confirm who I am")}
        </button>
      </p>
    </>
  );
}
