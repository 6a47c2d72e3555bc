// A digest: short to look at, whole to copy.
import { useState } from "preact/hooks";

import { shortDigest } from "../format";
import { t } from "../messages";

export function Digest({ digest, label = "digest" }: { digest: string; label?: string }) {
  return (
    <span class="digest">
      <code title={digest}>{shortDigest(digest)}</code>
      <CopyButton text={digest} label={t("Copy the {0}", label)} />
    </span>
  );
}

export function CopyButton({ text, label }: { text: string; label: string }) {
  const [outcome, setOutcome] = useState<"idle" | "copied" | "refused">("idle");
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setOutcome("copied"),
      () => setOutcome("refused"),
    );
    setTimeout(() => setOutcome("idle"), 2000);
  };
  return (
    <>
      <button type="button" class="icon-button small" aria-label={label} title={label} onClick={copy}>
        <svg
          viewBox="0 0 16 16"
          width="14"
          height="14"
          fill="none"
          stroke="currentColor"
          stroke-width="1.5"
          aria-hidden="true"
        >
          {outcome === "copied" ? (
            <path d="M3 8.5l3.5 3.5L13 4.5" />
          ) : outcome === "refused" ? (
            <path d="M8 3v6M8 11.5v1.5" />
          ) : (
            <path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3" />
          )}
        </svg>
      </button>
      <span class="visually-hidden" role="status">
        {outcome === "copied" ? t("Copied.") : outcome === "refused" ? t("The browser did not allow copying.") : ""}
      </span>
    </>
  );
}
