// The audit trail: every change in order, and the check that nothing was altered, moved or cut.
import { listAuditEvents, verifyAuditTrail } from "../api/operations";
import type { AuditEvent, Verification } from "../api/types";
import { Digest } from "../components/digest";
import { Loaded, LoadedPages } from "../components/loaded";
import { PageFrame, Section } from "../components/page";
import { Table, type Column } from "../components/table";
import { moment, plural } from "../format";
import { usePages, useResource } from "../resource";

const COLUMNS: readonly Column<AuditEvent>[] = [
  { title: "No.", numeric: true, cell: (event) => event.seq },
  { title: "Time", cell: (event) => moment(event.at) },
  { title: "Who", cell: (event) => event.actor },
  { title: "What", cell: (event) => <code>{event.action}</code> },
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
  const events = usePages("audit-events", listAuditEvents);
  return (
    <PageFrame
      title="Audit trail"
      lead="Every change is an event that carries the hash of the one before: the trail is tamper-evident."
      actions={
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
      }
    >
      <Loaded resource={verification} rows={2}>
        {(data) => <VerificationNote verification={data} />}
      </Loaded>
      <Section title="Events, newest first">
        <LoadedPages pages={events} empty={<p>Nothing has happened yet.</p>}>
          {(items) => (
            <Table caption="Audit events" columns={COLUMNS} rows={items} rowKey={(event) => event.seq} />
          )}
        </LoadedPages>
      </Section>
    </PageFrame>
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
