// The newest answer to a question that changes while one drags: one request at a time, the last question never lost.
import { useEffect, useRef, useState } from "preact/hooks";

import { Problem } from "../api/client";

export interface Latest<Answer> {
  readonly answer: Answer | undefined;
  readonly problem: Problem | undefined;
  /** Whether the answer is that of an earlier question. */
  readonly isStale: boolean;
}

interface Said<Answer> {
  key: string;
  answer: Answer | undefined;
  problem: Problem | undefined;
}

/** Ask what `key` stands for; null asks nothing and leaves the last answer, marked as stale. */
export function useLatest<Answer>(
  key: string | null,
  ask: (signal: AbortSignal) => Promise<Answer>,
): Latest<Answer> {
  const [said, setSaid] = useState<Said<Answer>>({ key: "", answer: undefined, problem: undefined });
  const wanted = useRef(key);
  const question = useRef(ask);
  const isAsking = useRef(false);
  const leaving = useRef(new AbortController());
  wanted.current = key;
  question.current = ask;

  const next = async (): Promise<void> => {
    const asked = wanted.current;
    if (isAsking.current || asked === null) return;
    isAsking.current = true;
    const { signal } = leaving.current;
    try {
      const answer = await question.current(signal);
      if (!signal.aborted) setSaid({ key: asked, answer, problem: undefined });
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Problem)) throw error;
      setSaid((old) => ({ key: asked, answer: old.answer, problem: error }));
    } finally {
      isAsking.current = false;
    }
    if (wanted.current !== asked) await next();
  };

  useEffect(() => {
    void next();
  }, [key]);
  useEffect(() => {
    leaving.current = new AbortController();
    return () => leaving.current.abort();
  }, []);
  return { answer: said.answer, problem: said.problem, isStale: said.key !== key };
}
