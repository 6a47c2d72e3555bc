// Which scored features of a version have no words yet.
import type { ReasonCoverage } from "../api/types";
import { SITUATIONS } from "./entry_fields";

interface CoverageNoteProps {
  coverage: ReasonCoverage;
  /** Begin an entry for what lacks one. */
  onAdd: ((feature: string, when: ReasonCoverage["unmapped"][number]["when"]) => void) | undefined;
}

export function CoverageNote({ coverage, onAdd }: CoverageNoteProps) {
  const { unmapped, version } = coverage;
  if (unmapped.length === 0) {
    return <p class="note note-good">Every scored feature of version {version} has its words.</p>;
  }
  return (
    <div class="note note-warn">
      <p>
        These scored features of version {version} have no words yet
        {coverage.required ? ", which keeps it from becoming champion" : ""}:
      </p>
      <ul>
        {unmapped.map(({ feature, when }) => (
          <li key={feature + when}>
            <strong>{feature}</strong> {SITUATIONS.find(([situation]) => situation === when)?.[1]}{" "}
            {onAdd && (
              <button
                type="button"
                class="button"
                aria-label={`Add words for ${feature}, ${when}`}
                onClick={() => onAdd(feature, when)}
              >
                Add words
              </button>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}
