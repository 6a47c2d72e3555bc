// Back from the identity provider: its answer is handed to the server, then one is where one was.
import { useEffect, useState } from "preact/hooks";

import { createProof } from "../api/accounts";
import { Placeholder } from "../components/loaded";
import { ProblemNote } from "../components/problem";
import { t, tx } from "../messages";
import { useAction } from "../resource";
import { currentLocation, navigate } from "../router";
import { enter, restoreSession } from "../session";
import { ARRIVAL, departed, heldProof } from "./departure";

export function ArrivalPage() {
  const { query } = currentLocation.value;
  const [isOver, setOver] = useState(false);
  const arrive = useAction(async () => {
    const [code, state, iss] = [query.get("code"), query.get("state"), query.get("iss")];
    const left = departed();
    history.replaceState(null, "", ARRIVAL); // the code is used once and belongs into no history
    if (code === null || state === null || left === null) return setOver(true);
    if (left.purpose === "sign-in") await enter({ code, state, iss });
    else {
      heldProof.value = await createProof({ code, state, iss });
      await restoreSession();
    }
    navigate(left.back, "replace");
  });
  useEffect(() => {
    document.title = `${t("Signing in")} · Edgewise`;
    void arrive.run();
  }, []);
  return (
    <main class="sign-in">
      <div class="sign-in-card">
        <h1>{t("Signing in")}</h1>
        {arrive.problem && <ProblemNote problem={arrive.problem} />}
        {arrive.problem || isOver ? <Refused error={query.get("error")} /> : <Placeholder rows={2} />}
      </div>
    </main>
  );
}

function Refused({ error }: { error: string | null }) {
  return (
    <>
      {error !== null && (
        <p class="note note-bad" role="alert">
          {tx("The identity provider has refused: {0}", <code>{error}</code>)}
        </p>
      )}
      <p>
        <a class="button" href="/">
          {t("To Edgewise")}
        </a>
      </p>
    </>
  );
}
