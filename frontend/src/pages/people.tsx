// Everybody who can sign in, for administrators: roles, locks, keys, a new one-time password, access.
import { useState } from "preact/hooks";

import { listUsers, resetPassword } from "../api/accounts";
import type { Account } from "../api/types";
import { Dialog } from "../components/dialog";
import { LoadedPages } from "../components/loaded";
import { OneTimePassword } from "../components/one_time_password";
import { PageFrame } from "../components/page";
import { ProblemNote } from "../components/problem";
import { Table, type Column } from "../components/table";
import { moment } from "../format";
import { t, tx } from "../messages";
import { AccessDialog } from "../people/access_dialog";
import { NewPersonDialog } from "../people/new_person";
import { useAction, usePages } from "../resource";
import { may, session } from "../session";

export function PeoplePage() {
  const people = usePages("users", listUsers);
  const [isInviting, setInviting] = useState(false);
  const [resetting, setResetting] = useState<Account | null>(null);
  const [changing, setChanging] = useState<Account | null>(null);
  return (
    <PageFrame
      title={t("People")}
      lead={t(
        "Everybody who can sign in. There are no default passwords: whoever is let in gets one for one time, and chooses their own.",
      )}
      actions={
        may("create_user") && (
          <button type="button" class="button primary" onClick={() => setInviting(true)}>
            {t("Let a person in")}
          </button>
        )
      }
    >
      <LoadedPages pages={people} empty={<p>{t("There is no account.")}</p>}>
        {(items) => (
          <Table
            caption={t("People")}
            columns={columnsFor(setResetting, setChanging)}
            rows={items}
            rowKey={(account) => account.name}
          />
        )}
      </LoadedPages>
      {isInviting && (
        <NewPersonDialog
          onClose={() => {
            setInviting(false);
            people.reload();
          }}
        />
      )}
      {changing && (
        <AccessDialog
          account={changing}
          onClose={() => {
            setChanging(null);
            people.reload();
          }}
        />
      )}
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

type Chosen = (account: Account) => void;

function columnsFor(onReset: Chosen, onAccess: Chosen): readonly Column<Account>[] {
  const me = session.value.status === "signed-in" ? session.value.me.name : "";
  return [
    {
      title: t("Name"),
      cell: (account) => (
        <>
          <span class="strong">{account.printed_name}</span>
          <code class="block">{account.name}</code>
        </>
      ),
    },
    { title: t("Roles"), cell: (account) => account.roles.join(", ") },
    { title: t("State"), cell: (account) => <AccountState account={account} /> },
    { title: t("Keys"), numeric: true, cell: (account) => account.api_keys },
    { title: t("Since"), cell: (account) => moment(account.created_at) },
    {
      title: t("Action"),
      cell: (account) =>
        account.name === me ? (
          <a href="/account">{t("Your account")}</a>
        ) : (
          <span class="actions">
            {account.has_password && (
              <button
                type="button"
                class="button"
                aria-label={t("Reset the password of {0}", account.printed_name)}
                onClick={() => onReset(account)}
              >
                {t("Reset the password")}
              </button>
            )}
            <button
              type="button"
              class="button"
              aria-label={t("Access of {0}", account.printed_name)}
              onClick={() => onAccess(account)}
            >
              {t("Access")}
            </button>
          </span>
        ),
    },
  ];
}

function AccountState({ account }: { account: Account }) {
  return (
    <span class="badges">
      {account.disabled_at && <span class="badge badge-warn">{tx("disabled {0}", moment(account.disabled_at))}</span>}
      {!account.has_password && <span class="badge">{t("signs in elsewhere")}</span>}
      {account.locked_until && (
        <span class="badge badge-warn">{tx("locked until {0}", moment(account.locked_until))}</span>
      )}
      {account.must_change_password && <span class="badge badge-warn">{t("one-time password")}</span>}
      {account.is_service && <span class="badge">{t("service, never signs")}</span>}
      {!account.disabled_at && !account.locked_until && !account.must_change_password && !account.is_service && (
        <span class="badge badge-good">{t("active")}</span>
      )}
    </span>
  );
}

function ResetDialog({ account, onClose }: { account: Account; onClose: () => void }) {
  const [password, setPassword] = useState<string | null>(null);
  const reset = useAction(async () => setPassword((await resetPassword(account.name)).password));
  return (
    <Dialog title={t("Reset the password of {0}", account.printed_name)} onClose={onClose}>
      {reset.problem && <ProblemNote problem={reset.problem} />}
      {password === null ? (
        <p>
          {t(
            "They get a one-time password, which lets them do nothing but choose their own. All their sessions end at once, and a lock is lifted.",
          )}
        </p>
      ) : (
        <OneTimePassword password={password} />
      )}
      <div class="form-actions">
        {password === null && (
          <button type="button" class="button danger" disabled={reset.busy} onClick={() => void reset.run()}>
            {reset.busy ? t("Resetting…") : t("Reset the password")}
          </button>
        )}
        <button type="button" class="button" onClick={onClose}>
          {password === null ? t("Cancel") : t("Done")}
        </button>
      </div>
    </Dialog>
  );
}
