// How far a review is, and the ways to end it: a signature, a request for changes, a withdrawal.
import { useState } from "preact/hooks";

import { requestChanges, withdrawReview } from "../api/operations";
import type { Review } from "../api/types";
import { t, tx } from "../messages";
import { may } from "../session";
import { ReasonDialog } from "./reason_dialog";

interface ReviewBarProps {
  review: Review;
  onSign: () => void;
  onEnded: (review: Review) => void;
}

export function ReviewBar({ review, onSign, onEnded }: ReviewBarProps) {
  const decided = review.edges.filter((edge) => edge.decision !== null).length;
  return (
    <div class="review-bar">
      <span class="review-progress">
        <strong>{tx("{0} of {1} decided", decided, review.edges.length)}</strong>
        <progress max={review.edges.length} value={decided} aria-label={t("Edges decided")} />
      </span>
      <div class="actions">
        <button type="button" class="button" onClick={() => print()}>{t("Print")}</button>
        <EndWithoutVerdict review={review} onEnded={onEnded} />
        {review.may_decide && (
          <button type="button" class="button primary" onClick={onSign}>{t("Sign…")}</button>
        )}
      </div>
      {!review.may_decide && review.state === "open" && (
        <span class="hint">
          {t("You can look at this review; an auditor who did not contribute decides and signs.")}
        </span>
      )}
    </div>
  );
}

/** Sending a version back, as the auditor, or taking it back, as the developer. */
function EndWithoutVerdict({ review, onEnded }: Pick<ReviewBarProps, "review" | "onEnded">) {
  const [open, setOpen] = useState(false);
  const withdraws = may("withdraw_review");
  if (review.state !== "open" || (!withdraws && !review.may_decide)) return null;
  const text = withdraws ? t("Withdraw") : t("Request changes");
  const end = withdraws ? withdrawReview : requestChanges;
  return (
    <>
      <button type="button" class="button" onClick={() => setOpen(true)}>
        {text}
      </button>
      {open && (
        <ReasonDialog
          title={text}
          explanation={t("The version becomes a candidate again. Decisions and signatures of this round stay on record.")}
          label={t("Reason")}
          submit={text}
          onClose={() => setOpen(false)}
          act={async (reason) => onEnded(await end(review.id, reason))}
          onDone={() => setOpen(false)}
        />
      )}
    </>
  );
}
