// Letting somebody in: the name, the roles, and the one-time password that is shown this once.
import { useState } from "preact/hooks";

import { createUser } from "../api/accounts";
import type { NewAccount, Role } from "../api/types";
import { OneTimePassword } from "../components/one_time_password";
import { Dialog } from "../components/dialog";
import { TextField } from "../components/field";
import { Form } from "../components/form";
import { t, tx } from "../messages";
import { useAction } from "../resource";

const ROLES: readonly (readonly [Role, string])[] = [
  ["developer", t("trains, refines, submits for review")],
  ["auditor", t("inspects, decides, signs what others made")],
  ["observer", t("reads everything, raises findings")],
  ["administrator", t("looks after people, keys and policies; approves nothing")],
  ["client", t("calls predictions of approved versions")],
];

export function NewPersonDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [printed, setPrinted] = useState("");
  const [roles, setRoles] = useState<readonly Role[]>([]);
  const [made, setMade] = useState<NewAccount | null>(null);
  const create = useAction(async () => setMade(await createUser({ name, printed_name: printed, roles: [...roles] })));
  const toggle = (role: Role): void =>
    setRoles(roles.includes(role) ? roles.filter((one) => one !== role) : [...roles, role]);
  if (made)
    return (
      <Dialog title={t("{0} can sign in", made.printed_name)} onClose={onClose}>
        <p>
          {tx(
            "As {0}, with a password that opens nothing but the choice of their own.",
            <code>{made.name}</code>,
          )}
        </p>
        <OneTimePassword password={made.password} />
        <div class="form-actions">
          <button type="button" class="button" onClick={onClose}>{t("Done")}</button>
        </div>
      </Dialog>
    );
  return (
    <Dialog title={t("Let a person in")} onClose={onClose}>
      <Form
        action={create}
        shownAt={["/name", "/printed_name", "/roles"]}
        submit={t("Let them in")}
        busy={t("Making the account…")}
        disabled={roles.length === 0}
        cancel={onClose}
      >
        <TextField
          label={t("Name to sign in with")}
          value={name}
          onValue={setName}
          error={create.problem?.at("/name")}
          input={{ required: true, maxLength: 200, autocapitalize: "none", spellcheck: false }}
        />
        <TextField
          label={t("Printed name")}
          hint={t("As it stands under signatures and in records.")}
          value={printed}
          onValue={setPrinted}
          error={create.problem?.at("/printed_name")}
          input={{ required: true, maxLength: 200 }}
        />
        <fieldset>
          <legend>{t("Roles")}</legend>
          {ROLES.map(([role, does]) => (
            <label class="check" key={role}>
              <input type="checkbox" checked={roles.includes(role)} onChange={() => toggle(role)} />
              <span>
                {role}
                <span class="block hint">{does}</span>
              </span>
            </label>
          ))}
          {create.problem?.at("/roles") && <p class="field-error">{create.problem.at("/roles")}</p>}
        </fieldset>
      </Form>
    </Dialog>
  );
}
