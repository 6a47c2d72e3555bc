// The whole application: who is signed in, which page the address names, the frame around it.
import { Placeholder } from "./components/loaded";
import { ProblemNote } from "./components/problem";
import { Header } from "./header";
import { ARRIVAL } from "./identity_provider/departure";
import { ArrivalPage } from "./identity_provider/arrival";
import { ScreenFrame } from "./lazy";
import { t } from "./messages";
import { SignInPage } from "./pages/sign_in";
import { currentLocation } from "./router";
import { MUST_CHANGE, screenAt } from "./screens";
import { restoreSession, session } from "./session";

export function Application() {
  const state = session.value;
  if (currentLocation.value.path === ARRIVAL) return <ArrivalPage />;
  switch (state.status) {
    case "unknown":
      return (
        <main class="page">
          <Placeholder rows={3} />
        </main>
      );
    case "broken":
      return (
        <main class="page">
          <ProblemNote problem={state.problem} onRetry={() => void restoreSession()} />
        </main>
      );
    case "signed-out":
      return <SignInPage />;
    case "signed-in":
      return (
        <>
          <a class="skip-link" href="#content">{t("Skip to the content")}</a>
          <Header me={state.me} />
          {state.me.must_change_password ? <ScreenFrame screen={MUST_CHANGE} parameters={{}} /> : <CurrentScreen />}
        </>
      );
  }
}

function CurrentScreen() {
  const { path } = currentLocation.value;
  // The key gives every address a fresh page: nothing of the last one stays in its fields.
  return <ScreenFrame key={path} {...screenAt(path)} />;
}
