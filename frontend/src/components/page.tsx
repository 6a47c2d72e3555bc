// The frame of every screen: where we are, the title that takes the focus, the actions.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../messages";

interface PageProps {
  title: string;
  /** Steps above this page: text and address. */
  trail?: readonly (readonly [text: string, address: string])[];
  lead?: ComponentChildren;
  badges?: ComponentChildren;
  actions?: ComponentChildren;
  wide?: boolean;
  children: ComponentChildren;
}

export function PageFrame({ title, trail = [], lead, badges, actions, wide = false, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Edgewise`;
  }, [title]);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, []);
  return (
    <main id="content" class={wide ? "page page-wide" : "page"}>
      {trail.length > 0 && (
        <nav class="trail" aria-label={t("Breadcrumb")}>
          {trail.map(([text, to]) => (
            <span key={to}>
              <a href={to}>{text}</a>
              <span aria-hidden="true"> / </span>
            </span>
          ))}
        </nav>
      )}
      <div class="page-head">
        <div class="page-title">
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {badges}
        </div>
        {actions && <div class="actions">{actions}</div>}
      </div>
      {lead && <div class="lead">{lead}</div>}
      {children}
    </main>
  );
}

/** A titled part of a page. */
export function Section({ title, actions, children }: Omit<PageProps, "trail">) {
  return (
    <section class="section">
      <div class="section-head">
        <h2>{title}</h2>
        {actions && <div class="actions">{actions}</div>}
      </div>
      {children}
    </section>
  );
}

/** Names and values side by side. */
export function Facts({
  facts,
}: {
  facts: readonly (readonly [name: ComponentChildren, value: ComponentChildren])[];
}) {
  return (
    <dl class="facts">
      {facts.map(([name, value], index) => (
        <div key={index}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
