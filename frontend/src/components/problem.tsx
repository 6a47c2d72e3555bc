// What went wrong, in the server's words, with the code that support asks for.
import type { Problem } from "../api/client";
import { t, tx } from "../messages";

interface ProblemNoteProps {
  problem: Problem;
  /** Fields that show their own message; the rest is listed here. */
  shownAt?: readonly string[];
  onRetry?: (() => void) | undefined;
}

export function ProblemNote({ problem, shownAt = [], onRetry }: ProblemNoteProps) {
  const remaining = problem.errors.filter(
    (error) =>
      !shownAt.some((pointer) => error.pointer === pointer || error.pointer.startsWith(`${pointer}/`)),
  );
  return (
    <div class="note note-bad" role="alert">
      <p class="note-title">{problem.message}</p>
      {remaining.length > 0 && (
        <ul>
          {remaining.map((error) => (
            <li key={error.pointer + error.detail}>
              <code>{error.pointer || "/"}</code> {error.detail}
            </li>
          ))}
        </ul>
      )}
      <p class="note-meta">
        <code>{problem.code}</code>
        {problem.requestId && <>{tx(" · request {0}", problem.requestId)}</>}
      </p>
      {onRetry && (
        <button type="button" class="button" onClick={onRetry}>
          {t("Try again")}
        </button>
      )}
    </div>
  );
}
