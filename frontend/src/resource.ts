// Data from the server in the life of a component: loading, shown, failed, loaded again.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { Problem } from "./api/client";
import type { Page } from "./api/types";

export interface Resource<T> {
  readonly data: T | undefined;
  readonly problem: Problem | undefined;
  readonly loading: boolean;
  readonly reload: () => void;
  /** Show this until the next load: what an operation has answered. */
  readonly replace: (data: T) => void;
}

interface State<T> {
  key: string;
  data: T | undefined;
  problem: Problem | undefined;
  loading: boolean;
}

const begin = <T>(key: string): State<T> => ({ key, data: undefined, problem: undefined, loading: true });

/** Load what `key` names; another key starts afresh, `reload` keeps the old data on the page meanwhile. */
export function useResource<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Resource<T> {
  const [state, setState] = useState<State<T>>(() => begin(key));
  const [attempt, setAttempt] = useState(0);
  const latestLoad = useRef(load);
  latestLoad.current = load;

  useEffect(() => {
    const controller = new AbortController();
    setState((old) => (old.key === key ? { ...old, loading: true } : begin(key)));
    latestLoad.current(controller.signal).then(
      (data) => {
        if (!controller.signal.aborted) setState({ key, data, problem: undefined, loading: false });
      },
      (error: unknown) => {
        if (controller.signal.aborted) return;
        if (!(error instanceof Problem)) throw error;
        setState((old) => ({ ...old, key, problem: error, loading: false }));
      },
    );
    return () => controller.abort();
  }, [key, attempt]);

  const reload = useCallback(() => setAttempt((value) => value + 1), []);
  const replace = useCallback(
    (data: T) => setState({ key, data, problem: undefined, loading: false }),
    [key],
  );
  const current = state.key === key ? state : begin<T>(key);
  return { data: current.data, problem: current.problem, loading: current.loading, reload, replace };
}

export interface Pages<T> extends Omit<Resource<T[]>, "replace"> {
  readonly more: (() => void) | undefined;
}

type LoadPage<T> = (cursor: string | null, signal: AbortSignal) => Promise<Page<T>>;

/** A list that comes in pages: the first at once, the next on demand. */
export function usePages<T>(key: string, load: LoadPage<T>): Pages<T> {
  const first = useResource(key, (signal) => load(null, signal));
  const [rest, setRest] = useState<{
    of: Page<T>;
    pages: Page<T>[];
    loading: boolean;
    problem?: Problem;
  } | null>(null);
  const following = rest && rest.of === first.data ? rest : null;
  const last = following?.pages.at(-1) ?? first.data;
  const start = first.data;
  const more =
    start && last?.next_cursor
      ? () => {
          const state = { of: start, pages: following?.pages ?? [], loading: true };
          setRest(state);
          load(last.next_cursor ?? null, new AbortController().signal).then(
            (page) => setRest({ of: start, pages: [...state.pages, page], loading: false }),
            (error: unknown) => {
              if (!(error instanceof Problem)) throw error;
              setRest({ ...state, loading: false, problem: error });
            },
          );
        }
      : undefined;
  return {
    data: start && [start, ...(following?.pages ?? [])].flatMap((page) => page.items),
    problem: following?.problem ?? first.problem,
    loading: first.loading || (following?.loading ?? false),
    reload: first.reload,
    more,
  };
}

export interface Action<Arguments extends unknown[]> {
  readonly run: (...values: Arguments) => Promise<void>;
  readonly busy: boolean;
  readonly problem: Problem | undefined;
  readonly forget: () => void;
}

/** Something a person does: busy while it runs, a problem when it was refused. */
export function useAction<Arguments extends unknown[]>(
  act: (...values: Arguments) => Promise<void>,
): Action<Arguments> {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const running = useRef(false);
  const run = async (...values: Arguments): Promise<void> => {
    if (running.current) return;
    running.current = true;
    setBusy(true);
    setProblem(undefined);
    try {
      await act(...values);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
    } finally {
      running.current = false;
      setBusy(false);
    }
  };
  return { run, busy, problem, forget: () => setProblem(undefined) };
}
