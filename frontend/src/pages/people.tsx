// Everybody who can sign in, for administrators: roles, locks, keys, and a new one-time password.
import { useState } from "preact/hooks";

import { listUsers, resetPassword } from "../api/operations";
import type { Account } from "../api/types";
import { CopyButton } from "../components/digest";
import { Dialog } from "../components/dialog";
import { LoadedPages } from "../components/loaded";
import { PageFrame } from "../components/page";
import { ProblemNote } from "../components/problem";
import { Table, type Column } from "../components/table";
import { moment } from "../format";
import { useAction, usePages } from "../resource";
import { session } from "../session";

export function PeoplePage() {
  const people = usePages("users", listUsers);
  const [resetting, setResetting] = useState<Account | null>(null);
  return (
    <PageFrame
      title="People"
      lead={
        <>
          Everybody who can sign in. Accounts are made on the server, by <code>edgewise create-user</code>: nobody
          can make one through a browser.
        </>
      }
    >
      <LoadedPages pages={people} empty={<p>There is no account.</p>}>
        {(items) => (
          <Table
            caption="People"
            columns={columnsFor(setResetting)}
            rows={items}
            rowKey={(account) => account.name}
          />
        )}
      </LoadedPages>
      {resetting && (
        <ResetDialog
          account={resetting}
          onClose={() => {
            setResetting(null);
            people.reload();
          }}
        />
      )}
    </PageFrame>
  );
}

function columnsFor(onReset: (account: Account) => void): readonly Column<Account>[] {
  const me = session.value.status === "signed-in" ? session.value.me.name : "";
  return [
    {
      title: "Name",
      cell: (account) => (
        <>
          <span class="strong">{account.printed_name}</span>
          <code class="block">{account.name}</code>
        </>
      ),
    },
    { title: "Roles", cell: (account) => account.roles.join(", ") },
    { title: "State", cell: (account) => <AccountState account={account} /> },
    { title: "Keys", numeric: true, cell: (account) => account.api_keys },
    { title: "Since", cell: (account) => moment(account.created_at) },
    {
      title: "Action",
      cell: (account) =>
        account.name === me ? (
          <a href="/account">Your account</a>
        ) : (
          <button
            type="button"
            class="button"
            aria-label={`Reset the password of ${account.printed_name}`}
            onClick={() => onReset(account)}
          >
            Reset the password
          </button>
        ),
    },
  ];
}

function AccountState({ account }: { account: Account }) {
  return (
    <span class="badges">
      {account.locked_until && (
        <span class="badge badge-warn">locked until {moment(account.locked_until)}</span>
      )}
      {account.must_change_password && <span class="badge badge-warn">one-time password</span>}
      {account.is_service && <span class="badge">service, never signs</span>}
      {!account.locked_until && !account.must_change_password && !account.is_service && (
        <span class="badge badge-good">active</span>
      )}
    </span>
  );
}

function ResetDialog({ account, onClose }: { account: Account; onClose: () => void }) {
  const [password, setPassword] = useState<string | null>(null);
  const reset = useAction(async () => setPassword((await resetPassword(account.name)).password));
  return (
    <Dialog title={`Reset the password of ${account.printed_name}`} onClose={onClose}>
      {reset.problem && <ProblemNote problem={reset.problem} />}
      {password === null ? (
        <p>
          They get a one-time password, which lets them do nothing but choose their own. All their sessions end at
          once, and a lock is lifted.
        </p>
      ) : (
        <div class="note note-good" role="status">
          <p class="note-title">Hand this over now: it is not shown again.</p>
          <p>
            <code class="break" data-password>
              {password}
            </code>{" "}
            <CopyButton text={password} label="Copy the one-time password" />
          </p>
        </div>
      )}
      <div class="form-actions">
        {password === null && (
          <button type="button" class="button danger" disabled={reset.busy} onClick={() => void reset.run()}>
            {reset.busy ? "Resetting…" : "Reset the password"}
          </button>
        )}
        <button type="button" class="button" onClick={onClose}>
          {password === null ? "Cancel" : "Done"}
        </button>
      </div>
    </Dialog>
  );
}
