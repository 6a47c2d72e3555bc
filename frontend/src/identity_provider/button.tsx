// The way to the identity provider, where there is one.
import { getIdentityProvider } from "../api/accounts";
import { ProblemNote } from "../components/problem";
import { t } from "../messages";
import { useAction, useResource } from "../resource";
import { depart } from "./departure";

export function ProviderButton() {
  const provider = useResource("identity-provider", getIdentityProvider);
  const leave = useAction(() => depart("sign-in"));
  const title = provider.data?.title;
  if (!title) return null;
  return (
    <>
      {leave.problem && <ProblemNote problem={leave.problem} />}
      <p>
        <button type="button" class="button" disabled={leave.busy} onClick={() => void leave.run()}>
          {t("Sign in with {0}", title)}
        </button>
      </p>
    </>
  );
}
