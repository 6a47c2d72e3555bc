// The audit trail: every change in order, found by who, what, where and when, and the check that nothing was altered.
import { auditExportAddress, listAuditEvents, verifyAuditTrail } from "../api/operations";
import type { AuditEvent, AuditFilter, Verification } from "../api/types";
import { Digest } from "../components/digest";
import { Field, TextField } from "../components/field";
import { Loaded, LoadedPages } from "../components/loaded";
import { PageFrame, Section } from "../components/page";
import { Table, type Column } from "../components/table";
import { moment, plural } from "../format";
import { usePages, useResource } from "../resource";
import { currentLocation, setQuery } from "../router";
import { endOfDay, startOfDay } from "../time";

const COLUMNS: readonly Column<AuditEvent>[] = [
  { title: "No.", numeric: true, cell: (event) => event.seq },
  { title: "Time", cell: (event) => moment(event.at) },
  { title: "Who", cell: (event) => event.actor },
  {
    title: "What",
    cell: (event) => (
      <button type="button" class="pair" onClick={() => setQuery({ action: event.action })}>
        <code>{event.action}</code>
      </button>
    ),
  },
  { title: "Subject", cell: (event) => <span class="break">{event.subject}</span> },
  {
    title: "Details",
    cell: (event) => (
      <details>
        <summary>Show</summary>
        <pre tabIndex={0}>{JSON.stringify(event.details, null, 2)}</pre>
      </details>
    ),
  },
  { title: "Hash", cell: (event) => <Digest digest={event.hash} label={`hash of event ${event.seq}`} /> },
];

export function AuditTrailPage() {
  const verification = useResource("verification", verifyAuditTrail);
  const filter = filterOf(currentLocation.value.query);
  const events = usePages(JSON.stringify(filter), (cursor, signal) => listAuditEvents(filter, cursor, signal));
  const isFiltered = Object.keys(filter).length > 0;
  return (
    <PageFrame
      title="Audit trail"
      wide
      lead="Every change is an event that carries the hash of the one before: the trail is tamper-evident."
      actions={
        <>
          <a class="button" href={auditExportAddress(filter)} download>
            {isFiltered ? "Export these events" : "Export the trail"}
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
            {verification.loading ? "Verifying…" : "Verify again"}
          </button>
        </>
      }
    >
      <Loaded resource={verification} rows={2}>
        {(data) => <VerificationNote verification={data} />}
      </Loaded>
      <Section title={isFiltered ? "Events that match, newest first" : "Events, newest first"}>
        <Filters />
        <LoadedPages
          pages={events}
          empty={<p>{isFiltered ? "No event matches." : "Nothing has happened yet."}</p>}
        >
          {(items) => (
            <Table caption="Audit events" columns={COLUMNS} rows={items} rowKey={(event) => event.seq} />
          )}
        </LoadedPages>
      </Section>
    </PageFrame>
  );
}

const TEXTS = [
  ["actor", "Who", "A sign-in name, or system."],
  ["action", "What", "For example aliases.moved, or aliases for all."],
  ["subject", "Subject", "For example models/credit, with all below it."],
] as const;
const DAYS = [
  ["since", "From"],
  ["until", "To"],
] as const;

/** What the address narrows the trail to: days are those of the reader's clock. */
export function filterOf(query: URLSearchParams): AuditFilter {
  const filter: Record<string, string> = {};
  for (const [name] of TEXTS) {
    const text = query.get(name)?.trim();
    if (text) filter[name] = text;
  }
  const [since, until] = [query.get("since"), query.get("until")];
  if (since) filter["since"] = startOfDay(since).toISOString();
  if (until) filter["until"] = endOfDay(until).toISOString();
  return filter;
}

function Filters() {
  const { query } = currentLocation.value;
  return (
    <div class="filters card" role="search" aria-label="Find events">
      {TEXTS.map(([name, label, hint]) => (
        <TextField
          key={name}
          label={label}
          hint={hint}
          value={query.get(name) ?? ""}
          onValue={(text) => setQuery({ [name]: text || null })}
          input={{ spellcheck: false }}
        />
      ))}
      {DAYS.map(([name, label]) => (
        <Field key={name} label={label} hint="A day of your clock.">
          {(tie) => (
            <input
              {...tie}
              type="date"
              value={query.get(name) ?? ""}
              onInput={(event) => setQuery({ [name]: event.currentTarget.value || null })}
            />
          )}
        </Field>
      ))}
    </div>
  );
}

function VerificationNote({ verification }: { verification: Verification }) {
  const { holds, events, detail, first_bad_seq, finding, head_seq, head_hash } = verification;
  return (
    <div class={holds ? "note note-good" : "note note-bad"} role="status">
      <p class="note-title">
        {holds ? "✓ The chain holds. " : `✕ The chain is broken at event ${first_bad_seq} (${finding}). `}
        {detail}
      </p>
      <p class="note-meta">
        {plural(events, "event")} checked; head is event {head_seq}{" "}
        <Digest digest={head_hash} label="hash of the head" />. This shows that no stored event was altered;
        that none was cut off at the end, only a checkpoint kept elsewhere shows.
      </p>
    </div>
  );
}
