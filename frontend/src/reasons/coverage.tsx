// Which scored features of a version have no words yet.
import type { ReasonCoverage } from "../api/types";
import { t, tx } from "../messages";
import { SITUATIONS } from "./entry_fields";

interface CoverageNoteProps {
  coverage: ReasonCoverage;
  /** Begin an entry for what lacks one. */
  onAdd: ((feature: string, when: ReasonCoverage["unmapped"][number]["when"]) => void) | undefined;
}

export function CoverageNote({ coverage, onAdd }: CoverageNoteProps) {
  const { unmapped, version } = coverage;
  if (unmapped.length === 0) {
    return <p class="note note-good">{tx("Every scored feature of version {0} has its words.", version)}</p>;
  }
  return (
    <div class="note note-warn">
      <p>
        {tx(
          "These scored features of version {0} have no words yet{1}:",
          version,
          coverage.required ? t(", which keeps it from becoming champion") : "",
        )}
      </p>
      <ul>
        {unmapped.map(({ feature, when }) => (
          <li key={feature + when}>
            <strong>{feature}</strong> {SITUATIONS.find(([situation]) => situation === when)?.[1]}{" "}
            {onAdd && (
              <button
                type="button"
                class="button"
                aria-label={t("Add words for {0}, {1}", feature, when)}
                onClick={() => onAdd(feature, when)}
              >
                {t("Add words")}
              </button>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}
