// One's own second factor: set up, confirmed, told its recovery codes once, removed.
import { useState } from "preact/hooks";

import {
  beginSecondFactor,
  confirmSecondFactor,
  getSecondFactor,
  removeSecondFactor,
} from "../api/operations";
import type { NewSecondFactor, SecondFactor } from "../api/types";
import { PasswordField } from "../components/field";
import { Form } from "../components/form";
import { Loaded } from "../components/loaded";
import { plural } from "../format";
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
    <Form card action={begin} shownAt={["/password"]} submit="Set up a second factor" busy="Setting up…">
      <p class="hint">An authenticator shows a code that you type at sign-in and with every signature.</p>
      <PasswordField
        label="Your password"
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
    <Form card action={confirm} shownAt={["/code"]} submit="Confirm" busy="Confirming…">
      <p>
        Tell your authenticator this secret (or <a href={begun.uri}>open it there</a>), then type the code that
        it shows:
      </p>
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
      <p class="note-title">Keep these recovery codes; they are not shown again. Each works once.</p>
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
    <Form card action={remove} shownAt={["/password", "/code"]} submit="Remove the second factor" busy="Removing…">
      <p>Your account has a second factor; {plural(factor.recovery_codes_left, "recovery code")} left.</p>
      <PasswordField
        label="Your password"
        value={password}
        onValue={setPassword}
        error={remove.problem?.at("/password")}
      />
      <CodeField value={code} onValue={setCode} error={remove.problem?.at("/code")} />
    </Form>
  );
}
