// The audit trail: every change in order, found by who, what, where and when, and the check that nothing was altered.
import { auditExportAddress, listAuditEvents, verifyAuditTrail } from "../api/operations";
import type { AuditEvent, AuditFilter, Verification } from "../api/types";
import { Digest } from "../components/digest";
import { Loaded, LoadedPages } from "../components/loaded";
import { PageFrame, Section } from "../components/page";
import { QueryDays, QueryText } from "../components/query_fields";
import { Table, type Column } from "../components/table";
import { moment, plural } from "../format";
import { t, tx } from "../messages";
import { usePages, useResource } from "../resource";
import { currentLocation, setQuery } from "../router";
import { spanIn, textsIn } from "../query_filter";

const COLUMNS: readonly Column<AuditEvent>[] = [
  { title: t("No."), numeric: true, cell: (event) => event.seq },
  { title: t("Time"), cell: (event) => moment(event.at) },
  { title: t("Who"), cell: (event) => event.actor },
  {
    title: t("What"),
    cell: (event) => (
      <button type="button" class="pair" onClick={() => setQuery({ action: event.action })}>
        <code>{event.action}</code>
      </button>
    ),
  },
  { title: t("Subject"), cell: (event) => <span class="break">{event.subject}</span> },
  {
    title: t("Details"),
    cell: (event) => (
      <details>
        <summary>{t("Show")}</summary>
        <pre tabIndex={0}>{JSON.stringify(event.details, null, 2)}</pre>
      </details>
    ),
  },
  { title: t("Hash"), cell: (event) => <Digest digest={event.hash} label={t("hash of event {0}", event.seq)} /> },
];

export function AuditTrailPage() {
  const verification = useResource("verification", verifyAuditTrail);
  const filter = filterOf(currentLocation.value.query);
  const events = usePages(JSON.stringify(filter), (cursor, signal) => listAuditEvents(filter, cursor, signal));
  const isFiltered = Object.keys(filter).length > 0;
  return (
    <PageFrame
      title={t("Audit trail")}
      wide
      lead={t("Every change is an event that carries the hash of the one before: the trail is tamper-evident.")}
      actions={
        <>
          <a class="button" href={auditExportAddress(filter)} download>
            {isFiltered ? t("Export these events") : t("Export the trail")}
          </a>
          <button
            type="button"
            class="button"
            disabled={verification.loading}
            onClick={() => {
              verification.reload();
              events.reload();
            }}
          >
            {verification.loading ? t("Verifying…") : t("Verify again")}
          </button>
        </>
      }
    >
      <Loaded resource={verification} rows={2}>
        {(data) => <VerificationNote verification={data} />}
      </Loaded>
      <Section title={isFiltered ? t("Events that match, newest first") : t("Events, newest first")}>
        <Filters />
        <LoadedPages
          pages={events}
          empty={<p>{isFiltered ? t("No event matches.") : t("Nothing has happened yet.")}</p>}
        >
          {(items) => (
            <Table caption={t("Audit events")} columns={COLUMNS} rows={items} rowKey={(event) => event.seq} />
          )}
        </LoadedPages>
      </Section>
    </PageFrame>
  );
}

const TEXTS = [
  ["actor", t("Who"), t("A sign-in name, or system.")],
  ["action", t("What"), t("For example aliases.moved, or aliases for all.")],
  ["subject", t("Subject"), t("For example models/credit, with all below it.")],
] as const;

/** What the address narrows the trail to: days are those of the reader's clock. */
export function filterOf(query: URLSearchParams): AuditFilter {
  return { ...textsIn(query, TEXTS.map(([name]) => name)), ...spanIn(query) };
}

function Filters() {
  return (
    <div class="filters card" role="search" aria-label={t("Find events")}>
      {TEXTS.map(([name, label, hint]) => (
        <QueryText key={name} name={name} label={label} hint={hint} />
      ))}
      <QueryDays />
    </div>
  );
}

function VerificationNote({ verification }: { verification: Verification }) {
  const { holds, events, detail, first_bad_seq, finding, head_seq, head_hash } = verification;
  return (
    <div class={holds ? "note note-good" : "note note-bad"} role="status">
      <p class="note-title">
        {holds ? t("✓ The chain holds. ") : t("✕ The chain is broken at event {0} ({1}). ", first_bad_seq, finding)}
        {detail}
      </p>
      <p class="note-meta">
        {tx(
          "{0} checked; head is event {1} {2}. This shows that no stored event was altered; that none was cut off at the end, only a checkpoint kept elsewhere shows.",
          plural(events, "event"),
          head_seq,
          <Digest digest={head_hash} label={t("hash of the head")} />,
        )}
      </p>
    </div>
  );
}
