// A password that is shown this once, to be handed over.
import { t } from "../messages";
import { CopyButton } from "./digest";

export function OneTimePassword({ password }: { password: string }) {
  return (
    <div class="note note-good" role="status">
      <p class="note-title">{t("Hand this over now: it is not shown again.")}</p>
      <p>
        <code class="break" data-password>
          {password}
        </code>{" "}
        <CopyButton text={password} label={t("Copy the one-time password")} />
      </p>
    </div>
  );
}
