// One's own account: another password, the second factor, and signing out everywhere.
import { useState } from "preact/hooks";

import { changePassword, endAllSessions } from "../api/operations";
import { PasswordField } from "../components/field";
import { Form } from "../components/form";
import { PageFrame, Section } from "../components/page";
import { ProblemNote } from "../components/problem";
import { useAction } from "../resource";
import { SecondFactorSection } from "../second_factor/section";
import { noteSignedOut } from "../session";

export function AccountPage({ mustChange }: { mustChange: boolean }) {
  return (
    <PageFrame title="Your account">
      {mustChange && <p class="note note-warn">You have signed in with a one-time password. Choose your own first.</p>}
      <Section title="Password">
        <PasswordForm />
      </Section>
      {!mustChange && (
        <Section title="Second factor">
          <SecondFactorSection />
        </Section>
      )}
      <Section title="Sessions">
        <Everywhere />
      </Section>
    </PageFrame>
  );
}

function PasswordForm() {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const change = useAction(async () => {
    await changePassword(current, next);
    noteSignedOut();
  });
  return (
    <Form card action={change} shownAt={["/password", "/new_password"]} submit="Change the password" busy="Changing…">
      <PasswordField
        label="Present password"
        value={current}
        onValue={setCurrent}
        error={change.problem?.at("/password")}
      />
      <PasswordField
        label="New password"
        hint="At least 12 characters. Afterwards you sign in again."
        value={next}
        onValue={setNext}
        error={change.problem?.at("/new_password")}
      />
    </Form>
  );
}

function Everywhere() {
  const end = useAction(async () => {
    await endAllSessions();
    noteSignedOut();
  });
  return (
    <>
      {end.problem && <ProblemNote problem={end.problem} />}
      <button type="button" class="button" disabled={end.busy} onClick={() => void end.run()}>
        Sign out everywhere
      </button>
    </>
  );
}
