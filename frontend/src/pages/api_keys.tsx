// Keys for programs that call predictions: made here, shown once, revoked here.
import { useState } from "preact/hooks";

import { createApiKey, deleteApiKey, listApiKeys } from "../api/operations";
import type { ApiKey, NewApiKey } from "../api/types";
import { CopyButton } from "../components/digest";
import { Dialog } from "../components/dialog";
import { TextField } from "../components/field";
import { Form } from "../components/form";
import { LoadedPages } from "../components/loaded";
import { PageFrame, Section } from "../components/page";
import { ProblemNote } from "../components/problem";
import { Table } from "../components/table";
import { moment } from "../format";
import { useAction, usePages } from "../resource";

export function ApiKeysPage() {
  const keys = usePages("api-keys", listApiKeys);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  return (
    <PageFrame
      title="API keys"
      lead="A program calls predictions with a key. The key may do nothing else, and it is stored only as a hash."
    >
      <Section title="New key">
        <NewKey onCreated={keys.reload} />
      </Section>
      <Section title="Keys">
        <LoadedPages pages={keys} empty={<p>You have made no key yet.</p>}>
          {(items) => (
            <Table
              caption="API keys"
              rows={items}
              rowKey={(key) => key.id}
              columns={[
                { title: "Label", cell: (key) => <span class="strong">{key.label}</span> },
                { title: "Begins with", cell: (key) => <code>{key.prefix}</code> },
                { title: "Made", cell: (key) => moment(key.created_at) },
                { title: "Expires", cell: (key) => moment(key.expires_at) },
                { title: "Last used", cell: (key) => moment(key.last_used_at) },
                {
                  title: "Action",
                  cell: (key) => (
                    <button type="button" class="button danger" onClick={() => setRevoking(key)}>
                      Revoke
                    </button>
                  ),
                },
              ]}
            />
          )}
        </LoadedPages>
      </Section>
      {revoking && (
        <RevokeDialog
          apiKey={revoking}
          onClose={() => setRevoking(null)}
          onRevoked={() => {
            setRevoking(null);
            keys.reload();
          }}
        />
      )}
    </PageFrame>
  );
}

function NewKey({ onCreated }: { onCreated: () => void }) {
  const [label, setLabel] = useState("");
  const [days, setDays] = useState("90");
  const [created, setCreated] = useState<NewApiKey | null>(null);
  const create = useAction(async () => {
    setCreated(await createApiKey({ label, role: "client", expires_in_days: Number(days) }));
    setLabel("");
    onCreated();
  });
  return (
    <Form action={create} card shownAt={["/label", "/expires_in_days"]} submit="Make a key" busy="Making…">
      <div class="field-row">
        <TextField
          label="Label"
          hint="Which program uses it."
          value={label}
          onValue={setLabel}
          error={create.problem?.at("/label")}
          input={{ required: true, maxLength: 200 }}
        />
        <TextField
          label="Expires in days"
          value={days}
          onValue={setDays}
          error={create.problem?.at("/expires_in_days")}
          input={{ type: "number", min: 1, max: 366, step: 1, required: true }}
        />
      </div>
      {created && (
        <div class="note note-good" role="status">
          <p class="note-title">The key for {created.label}. Copy it now: it is not shown again.</p>
          <p>
            <code class="break" data-key>
              {created.key}
            </code>{" "}
            <CopyButton text={created.key} label="Copy the key" />
          </p>
        </div>
      )}
    </Form>
  );
}

interface RevokeDialogProps {
  apiKey: ApiKey;
  onClose: () => void;
  onRevoked: () => void;
}

function RevokeDialog({ apiKey, onClose, onRevoked }: RevokeDialogProps) {
  const revoke = useAction(async () => {
    await deleteApiKey(apiKey.id);
    onRevoked();
  });
  return (
    <Dialog title={`Revoke the key of ${apiKey.label}`} onClose={onClose}>
      <div class="form">
        {revoke.problem && <ProblemNote problem={revoke.problem} />}
        <p>Programs that use it are refused from now on. This cannot be undone.</p>
        <div class="form-actions">
          <button
            type="button"
            class="button danger"
            disabled={revoke.busy}
            onClick={() => void revoke.run()}
          >
            {revoke.busy ? "Revoking…" : "Revoke"}
          </button>
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
        </div>
      </div>
    </Dialog>
  );
}
