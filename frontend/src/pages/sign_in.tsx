// Signing in; the address stays, so that a link leads where it points.
import { useEffect, useRef, useState } from "preact/hooks";

import { PasswordField, TextField } from "../components/field";
import { Form } from "../components/form";
import { ProviderButton } from "../identity_provider/button";
import { t, tx } from "../messages";
import { useAction } from "../resource";
import { CodeField, useCode } from "../second_factor/code";
import { signIn } from "../session";
import { ThemeButton } from "../theme_button";

export function SignInPage() {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const code = useCode();
  const enter = useAction(() => code.use((typed) => signIn(name, password, typed)));
  const card = useRef<HTMLDivElement>(null);
  useEffect(() => {
    document.title = t("Sign in · Edgewise");
    card.current?.querySelector("input")?.focus();
  }, []);
  return (
    <main class="sign-in">
      <div class="sign-in-card" ref={card}>
        <div class="sign-in-head">
          <span class="brand">
            {tx("{0}Edgewise", <img src="/favicon.svg" alt="" width="34" height="34" />)}
          </span>
          <ThemeButton />
        </div>
        <h1>{t("Sign in")}</h1>
        <p class="hint">{t("Models whose every edge can be seen, checked and signed for.")}</p>
        <Form action={enter} shownAt={["/name", "/password", "/code"]} submit={t("Sign in")} busy={t("Signing in…")}>
          <TextField
            label={t("Name")}
            value={name}
            onValue={setName}
            error={enter.problem?.at("/name")}
            input={{ autocomplete: "username", required: true, autocapitalize: "none", spellcheck: false }}
          />
          <PasswordField
            label={t("Password")}
            value={password}
            onValue={setPassword}
            error={enter.problem?.at("/password")}
          />
          {code.isAsked && (
            <CodeField value={code.value} onValue={code.set} error={enter.problem?.at("/code")} />
          )}
        </Form>
        <ProviderButton />
        <p class="hint">{t("Accounts are made by an administrator; there is no open sign-up.")}</p>
      </div>
    </main>
  );
}
