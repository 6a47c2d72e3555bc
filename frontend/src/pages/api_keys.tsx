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
import { t, tx } from "../messages";
import { useAction, usePages } from "../resource";

export function ApiKeysPage() {
  const keys = usePages("api-keys", listApiKeys);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  return (
    <PageFrame
      title={t("API keys")}
      lead={t("A program calls predictions with a key. The key may do nothing else, and it is stored only as a hash.")}
    >
      <Section title={t("New key")}>
        <NewKey onCreated={keys.reload} />
      </Section>
      <Section title={t("Keys")}>
        <LoadedPages pages={keys} empty={<p>{t("You have made no key yet.")}</p>}>
          {(items) => (
            <Table
              caption={t("API keys")}
              rows={items}
              rowKey={(key) => key.id}
              columns={[
                { title: t("Label"), cell: (key) => <span class="strong">{key.label}</span> },
                { title: t("Begins with"), cell: (key) => <code>{key.prefix}</code> },
                { title: t("Made"), cell: (key) => moment(key.created_at) },
                { title: t("Expires"), cell: (key) => moment(key.expires_at) },
                { title: t("Last used"), cell: (key) => moment(key.last_used_at) },
                {
                  title: t("Action"),
                  cell: (key) => (
                    <button type="button" class="button danger" onClick={() => setRevoking(key)}>
                      {t("Revoke")}
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
    <Form action={create} card shownAt={["/label", "/expires_in_days"]} submit={t("Make a key")} busy={t("Making…")}>
      <div class="field-row">
        <TextField
          label={t("Label")}
          hint={t("Which program uses it.")}
          value={label}
          onValue={setLabel}
          error={create.problem?.at("/label")}
          input={{ required: true, maxLength: 200 }}
        />
        <TextField
          label={t("Expires in days")}
          value={days}
          onValue={setDays}
          error={create.problem?.at("/expires_in_days")}
          input={{ type: "number", min: 1, max: 366, step: 1, required: true }}
        />
      </div>
      {created && (
        <div class="note note-good" role="status">
          <p class="note-title">
            {tx("The key for {0}. Copy it now: it is not shown again.", created.label)}
          </p>
          <p>
            <code class="break" data-key>
              {created.key}
            </code>{" "}
            <CopyButton text={created.key} label={t("Copy the key")} />
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
    <Dialog title={t("Revoke the key of {0}", apiKey.label)} onClose={onClose}>
      <div class="form">
        {revoke.problem && <ProblemNote problem={revoke.problem} />}
        <p>{t("Programs that use it are refused from now on. This cannot be undone.")}</p>
        <div class="form-actions">
          <button
            type="button"
            class="button danger"
            disabled={revoke.busy}
            onClick={() => void revoke.run()}
          >
            {revoke.busy ? t("Revoking…") : t("Revoke")}
          </button>
          <button type="button" class="button" onClick={onClose}>{t("Cancel")}</button>
        </div>
      </div>
    </Dialog>
  );
}
