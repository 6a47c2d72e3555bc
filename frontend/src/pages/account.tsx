// One's own account: another password, the second factor, and signing out everywhere.
import { useState } from "preact/hooks";

import { changePassword, endAllSessions } from "../api/accounts";
import { PasswordField } from "../components/field";
import { Form } from "../components/form";
import { PageFrame, Section } from "../components/page";
import { ProblemNote } from "../components/problem";
import { t } from "../messages";
import { useAction } from "../resource";
import { SecondFactorSection } from "../second_factor/section";
import { noteSignedOut, session } from "../session";

export function AccountPage({ mustChange }: { mustChange: boolean }) {
  const hasPassword = session.value.status !== "signed-in" || session.value.me.has_password;
  return (
    <PageFrame title={t("Your account")}>
      {mustChange && <p class="note note-warn">
        {t("You have signed in with a one-time password. Choose your own first.")}
      </p>}
      {hasPassword ? (
        <Section title={t("Password")}>
          <PasswordForm />
        </Section>
      ) : (
        <p class="note">
          {t("You sign in at the identity provider, which looks after your password and second factor.")}
        </p>
      )}
      {hasPassword && !mustChange && (
        <Section title={t("Second factor")}>
          <SecondFactorSection />
        </Section>
      )}
      <Section title={t("Sessions")}>
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
    <Form card action={change} shownAt={["/password", "/new_password"]} submit={t("Change the password")} busy={t("Changing…")}>
      <PasswordField
        label={t("Present password")}
        value={current}
        onValue={setCurrent}
        error={change.problem?.at("/password")}
      />
      <PasswordField
        label={t("New password")}
        hint={t("At least 12 characters. Afterwards you sign in again.")}
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
        {t("Sign out everywhere")}
      </button>
    </>
  );
}
