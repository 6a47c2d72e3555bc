// The signatures under a review, as they bind: who, when, what was meant, over which bytes.
import type { Review } from "../api/types";
import { StateBadge } from "../components/badge";
import { Digest } from "../components/digest";
import { Facts } from "../components/page";
import { moment, plural } from "../format";

export function Signatures({ review }: { review: Review }) {
  return (
    <>
      {review.signatures.length === 0 && (
        <div class="empty">
          <p>
            Nobody has signed yet. An approval needs {plural(review.quorum, "signature")}; one rejection ends
            the review.
          </p>
        </div>
      )}
      {review.signatures.map((signature) => (
        <article class="card signature" key={signature.digest}>
          <p class="signature-name">
            {signature.printed_name} <StateBadge state={signature.verdict} />
          </p>
          {signature.fault && <p class="note note-warn">This signature does not hold: {signature.fault}.</p>}
          <blockquote>{signature.statement}</blockquote>
          <Facts
            facts={[
              ["Signed", `${moment(signature.signed_at)} (${signature.signed_at})`],
              ["By the signer's clock", signature.shown_at ?? "–"],
              ["Role", signature.role ?? "–"],
              ["Meaning", signature.meaning],
              [
                "Digest of the signature",
                <Digest digest={signature.digest} label="digest of the signature" />,
              ],
            ]}
          />
        </article>
      ))}
    </>
  );
}
