// What an administrator does about somebody's access: a lost second factor, a leaver, somebody who is back.
import { disableUser, enableUser, resetSecondFactor } from "../api/accounts";
import type { Account } from "../api/types";
import { Dialog } from "../components/dialog";
import { ProblemNote } from "../components/problem";
import { t } from "../messages";
import { useAction } from "../resource";

export function AccessDialog({ account, onClose }: { account: Account; onClose: () => void }) {
  const act = useAction(async (change: (name: string) => Promise<void>) => {
    await change(account.name);
    onClose();
  });
  const button = (label: string, change: (name: string) => Promise<void>, kind = "") => (
    <button type="button" class={`button ${kind}`} disabled={act.busy} onClick={() => void act.run(change)}>
      {label}
    </button>
  );
  const isOut = account.disabled_at !== null;
  return (
    <Dialog title={t("Access of {0}", account.printed_name)} onClose={onClose}>
      {act.problem && <ProblemNote problem={act.problem} />}
      <p>
        {isOut
          ? t("The account is disabled: no password, key or identity provider lets anybody in.")
          : t("Each of these ends all their sessions at once. A disabled account's keys stop working too; nothing that it has done is lost.")}
      </p>
      <div class="form-actions">
        {!isOut && account.has_password && !account.is_service &&
          button(t("Reset the second factor"), resetSecondFactor, "danger")}
        {isOut ? button(t("Enable the account"), enableUser, "primary") : button(t("Disable the account"), disableUser, "danger")}
        <button type="button" class="button" onClick={onClose}>
          {t("Cancel")}
        </button>
      </div>
    </Dialog>
  );
}
