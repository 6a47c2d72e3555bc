// One's own second factor: set up, confirmed, told its recovery codes once, removed.
import { useState } from "preact/hooks";

import { beginSecondFactor, confirmSecondFactor, getSecondFactor, removeSecondFactor } from "../api/accounts";
import type { NewSecondFactor, SecondFactor } from "../api/types";
import { PasswordField } from "../components/field";
import { Form } from "../components/form";
import { Loaded } from "../components/loaded";
import { plural } from "../format";
import { t, tx } from "../messages";
import { useAction, useResource } from "../resource";
import { CodeField } from "./code";

export function SecondFactorSection() {
  const factor = useResource("second-factor", getSecondFactor);
  const [begun, setBegun] = useState<NewSecondFactor | null>(null);
  const [recovery, setRecovery] = useState<readonly string[]>([]);
  return (
    <Loaded resource={factor} rows={2}>
      {(found) => (
        <>
          {recovery.length > 0 && <RecoveryCodes codes={recovery} />}
          {found.state === "confirmed" && <Removal factor={found} onRemoved={factor.reload} />}
          {found.state !== "confirmed" && begun === null && <Beginning onBegun={setBegun} />}
          {found.state !== "confirmed" && begun !== null && (
            <Confirmation
              begun={begun}
              onConfirmed={(codes) => {
                setRecovery(codes);
                setBegun(null);
                factor.reload();
              }}
            />
          )}
        </>
      )}
    </Loaded>
  );
}

function Beginning({ onBegun }: { onBegun: (begun: NewSecondFactor) => void }) {
  const [password, setPassword] = useState("");
  const begin = useAction(async () => onBegun(await beginSecondFactor(password)));
  return (
    <Form card action={begin} shownAt={["/password"]} submit={t("Set up a second factor")} busy={t("Setting up…")}>
      <p class="hint">
        {t("An authenticator shows a code that you type at sign-in and with every signature.")}
      </p>
      <PasswordField
        label={t("Your password")}
        value={password}
        onValue={setPassword}
        error={begin.problem?.at("/password")}
      />
    </Form>
  );
}

interface ConfirmationProps {
  begun: NewSecondFactor;
  onConfirmed: (codes: readonly string[]) => void;
}

function Confirmation({ begun, onConfirmed }: ConfirmationProps) {
  const [code, setCode] = useState("");
  const confirm = useAction(async () => onConfirmed((await confirmSecondFactor(code)).recovery_codes));
  return (
    <Form card action={confirm} shownAt={["/code"]} submit={t("Confirm")} busy={t("Confirming…")}>
      <p>
        {tx(
          "Let your authenticator read this picture (or {0}, or type the secret), then type the code that it shows:",
          <a href={begun.uri}>{t("open it there")}</a>,
        )}
      </p>
      <img src={begun.picture} alt={t("The secret as a QR code")} width="220" height="220" />
      <p>
        <code>{begun.secret.replace(/(.{4})/g, "$1 ").trim()}</code>
      </p>
      <CodeField value={code} onValue={setCode} error={confirm.problem?.at("/code")} />
    </Form>
  );
}

function RecoveryCodes({ codes }: { codes: readonly string[] }) {
  return (
    <div class="note note-warn" role="status">
      <p class="note-title">{t("Keep these recovery codes; they are not shown again. Each works once.")}</p>
      <ul>
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Removal({ factor, onRemoved }: { factor: SecondFactor; onRemoved: () => void }) {
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const remove = useAction(async () => {
    await removeSecondFactor(password, code);
    onRemoved();
  });
  return (
    <Form card action={remove} shownAt={["/password", "/code"]} submit={t("Remove the second factor")} busy={t("Removing…")}>
      <p>
        {tx(
          "Your account has a second factor; {0} left.",
          plural(factor.recovery_codes_left, t("recovery code")),
        )}
      </p>
      <PasswordField
        label={t("Your password")}
        value={password}
        onValue={setPassword}
        error={remove.problem?.at("/password")}
      />
      <CodeField value={code} onValue={setCode} error={remove.problem?.at("/code")} />
    </Form>
  );
}
