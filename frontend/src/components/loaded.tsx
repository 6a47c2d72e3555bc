// The three states of data: a calm placeholder of about the right size, the problem, the content.
import type { ComponentChildren } from "preact";

import { t } from "../messages";
import type { Pages, Resource } from "../resource";
import { ProblemNote } from "./problem";

interface LoadedProps<T> {
  resource: Resource<T>;
  /** Rows of the placeholder, so that the page keeps its height. */
  rows?: number;
  children: (data: T) => ComponentChildren;
}

export function Loaded<T>({ resource, rows = 5, children }: LoadedProps<T>) {
  const { data, problem, reload } = resource;
  return (
    <>
      {problem && <ProblemNote problem={problem} onRetry={reload} />}
      {data !== undefined ? children(data) : !problem && <Placeholder rows={rows} />}
    </>
  );
}

interface LoadedPagesProps<T> {
  pages: Pages<T>;
  empty: ComponentChildren;
  children: (items: T[]) => ComponentChildren;
}

/** A list: its placeholder, what to say when it is empty, its items, and a button for more. */
export function LoadedPages<T>({ pages, empty, children }: LoadedPagesProps<T>) {
  return (
    <>
      {pages.problem && <ProblemNote problem={pages.problem} onRetry={pages.reload} />}
      {pages.data === undefined && !pages.problem && <Placeholder rows={4} />}
      {pages.data?.length === 0 && <div class="empty">{empty}</div>}
      {pages.data !== undefined && pages.data.length > 0 && children(pages.data)}
      {pages.more && (
        <button type="button" class="button more" onClick={pages.more} disabled={pages.loading}>
          {pages.loading ? t("Loading…") : t("Show more")}
        </button>
      )}
    </>
  );
}

export function Placeholder({ rows }: { rows: number }) {
  return (
    <div class="placeholder" role="status">
      <span class="visually-hidden">{t("Loading…")}</span>
      {Array.from({ length: rows }, (_, row) => (
        <div class="placeholder-row" key={row} aria-hidden="true" />
      ))}
    </div>
  );
}
