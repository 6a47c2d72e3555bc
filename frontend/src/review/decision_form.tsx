// The decision about one edge: accept, or reject and say why. One edge at a time, on purpose.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import type { Decision, ReviewEdge } from "../api/types";
import { StateBadge } from "../components/badge";
import { TextArea } from "../components/field";
import { ProblemNote } from "../components/problem";
import { moment } from "../format";
import { t, tx } from "../messages";
import { useAction } from "../resource";
import { onShortcut } from "./shortcuts";

interface DecisionFormProps {
  edge: ReviewEdge;
  mayDecide: boolean;
  decide: (edge: ReviewEdge, decision: Decision, comment: string) => Promise<void>;
  onPrevious: () => void;
  onNext: () => void;
}

/** The comment, what hinders it, and the way to send it with a decision; `a`, `r` and `c` are the buttons and the comment. */
function useDecision({ edge, mayDecide, decide }: Pick<DecisionFormProps, "edge" | "mayDecide" | "decide">) {
  const [comment, setComment] = useState(edge.comment);
  const [reasonMissing, setReasonMissing] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const action = useAction((decision: Decision) => decide(edge, decision, comment));

  // A new decision, mine or another's, brings the comment that was stored with it.
  useEffect(() => setComment(edge.comment), [edge.etag]);

  const choose = (decision: Decision): void => {
    const lacksReason = decision === "rejected" && comment.trim() === "";
    setReasonMissing(lacksReason);
    if (lacksReason) field.current?.focus();
    else void action.run(decision);
  };
  useLayoutEffect(() => {
    if (!mayDecide) return undefined;
    return onShortcut({
      a: () => choose("accepted"),
      r: () => choose("rejected"),
      c: () => field.current?.focus(),
    });
  });
  return { comment, setComment, reasonMissing, field, action, choose };
}

export function DecisionForm({ edge, mayDecide, decide, onPrevious, onNext }: DecisionFormProps) {
  const decision = useDecision({ edge, mayDecide, decide });
  const { comment, setComment, reasonMissing, field, action, choose } = decision;
  return (
    <div class="decision-form">
      <DecisionState edge={edge} />
      {!mayDecide && edge.comment && <blockquote>{edge.comment}</blockquote>}
      {action.problem && <ProblemNote problem={action.problem} shownAt={["/comment"]} />}
      {action.problem?.status === 412 && (
        <p class="note note-warn">
          {t("Somebody decided about this edge meanwhile. It now shows that decision; look again, then decide.")}
        </p>
      )}
      {mayDecide && (
        <>
          <TextArea
            label={t("Comment")}
            hint={t("Needed to reject.")}
            rows={2}
            value={comment}
            onValue={setComment}
            inputRef={field}
            error={reasonMissing ? "Say why the edge is rejected." : action.problem?.at("/comment")}
          />
          <DecisionButtons isBusy={action.busy} choose={choose} />
        </>
      )}
      <div class="form-actions">
        <button type="button" class="button" aria-keyshortcuts="p" onClick={onPrevious}>
          {tx("Previous edge {0}", <kbd aria-hidden="true">p</kbd>)}
        </button>
        <button type="button" class="button" aria-keyshortcuts="n" onClick={onNext}>
          {tx("Next undecided {0}", <kbd aria-hidden="true">n</kbd>)}
        </button>
      </div>
    </div>
  );
}

function DecisionState({ edge }: { edge: ReviewEdge }) {
  return (
    <p class="decision-state" role="status">
      {edge.decision ? (
        <>
          {tx(
            "{0} by {1}, {2}",
            <StateBadge state={edge.decision} />,
            edge.decided_by,
            moment(edge.decided_at),
          )}
        </>
      ) : (
        t("Not decided yet.")
      )}
    </p>
  );
}

function DecisionButtons({ isBusy, choose }: { isBusy: boolean; choose: (decision: Decision) => void }) {
  return (
    <div class="form-actions">
      <button
        type="button"
        class="button accept"
        aria-keyshortcuts="a"
        disabled={isBusy}
        onClick={() => choose("accepted")}
      >
        {tx("{0} Accept {1}", <span aria-hidden="true">✓</span>, <kbd aria-hidden="true">a</kbd>)}
      </button>
      <button
        type="button"
        class="button reject"
        aria-keyshortcuts="r"
        disabled={isBusy}
        onClick={() => choose("rejected")}
      >
        {tx("{0} Reject {1}", <span aria-hidden="true">✕</span>, <kbd aria-hidden="true">r</kbd>)}
      </button>
    </div>
  );
}
