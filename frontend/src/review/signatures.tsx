// The signatures under a review, as they bind: who, when, what was meant, over which bytes.
import type { Review } from "../api/types";
import { StateBadge } from "../components/badge";
import { Digest } from "../components/digest";
import { Facts } from "../components/page";
import { moment, plural } from "../format";
import { t, tx } from "../messages";

export function Signatures({ review }: { review: Review }) {
  return (
    <>
      {review.signatures.length === 0 && (
        <div class="empty">
          <p>
            {tx(
              "Nobody has signed yet. An approval needs {0}; one rejection ends the review.",
              plural(review.quorum, "signature"),
            )}
          </p>
        </div>
      )}
      {review.signatures.map((signature) => (
        <article class="card signature" key={signature.digest}>
          <p class="signature-name">
            {signature.printed_name} <StateBadge state={signature.verdict} />
          </p>
          {signature.fault && <p class="note note-warn">{tx("This signature does not hold: {0}.", signature.fault)}</p>}
          <blockquote>{signature.statement}</blockquote>
          <Facts
            facts={[
              [t("Signed"), `${moment(signature.signed_at)} (${signature.signed_at})`],
              [t("By the signer's clock"), signature.shown_at ?? "–"],
              [t("Role"), signature.role ?? "–"],
              [t("Meaning"), signature.meaning],
              [
                t("Digest of the signature"),
                <Digest digest={signature.digest} label={t("digest of the signature")} />,
              ],
            ]}
          />
        </article>
      ))}
    </>
  );
}
