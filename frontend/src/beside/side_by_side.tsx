// In a review: the edge that is looked at beside the version that was approved last, and the way through what changed.
import type { EdgeDifference, Review, VersionComparison } from "../api/types";
import { Loaded } from "../components/loaded";
import { plural } from "../format";
import { t, tx } from "../messages";
import type { Resource } from "../resource";
import { address, currentLocation, setQuery } from "../router";
import { EdgePair } from "./pair";

interface SideBySideProps {
  review: Review;
  comparison: Resource<VersionComparison | null>;
  selected: string | null;
  onSelect: (edge: string) => void;
}

/** Whether the keys stop only at edges that are not what was approved. */
export function walksChanges(): boolean {
  return currentLocation.value.query.get("walk") === "changed";
}

/** The edges that are in the network now and not as they were; null where no edge has a counterpart. */
export function changedEdges(comparison: VersionComparison | null | undefined): ReadonlySet<string> | null {
  if (!comparison?.edges) return null;
  return new Set(comparison.edges.filter(({ change }) => change !== "removed").map(({ overlay }) => overlay.edge));
}

export function SideBySide({ review, comparison, selected, onSelect }: SideBySideProps) {
  return (
    <div class="card beside">
      <h3>{tx("Side by side with version {0}, approved last", review.compared_with)}</h3>
      <Loaded resource={comparison} rows={4}>
        {(found) =>
          found?.edges ? (
            <Differences review={review} edges={found.edges} selected={selected} onSelect={onSelect} />
          ) : (
            <OtherNodes review={review} />
          )
        }
      </Loaded>
    </div>
  );
}

function OtherNodes({ review }: { review: Review }) {
  return (
    <p>
      {tx(
        "The versions have different nodes, so no edge has a counterpart: every edge is new. {0}",
        <a href={address`/models/${review.model}/versions/${review.compared_with ?? ""}/compare/${review.version}`}>
        {t("Compare measures, answers and settings")}
      </a>,
      )}
    </p>
  );
}

interface DifferencesProps extends Pick<SideBySideProps, "review" | "selected" | "onSelect"> {
  edges: readonly EdgeDifference[];
}

function Differences({ review, edges, selected, onSelect }: DifferencesProps) {
  const there = edges.filter(({ change }) => change !== "removed");
  const removed = edges.filter(({ change }) => change === "removed");
  const chosen = edges.find(({ overlay }) => overlay.edge === selected);
  const versions = { model: review.model, before: review.compared_with ?? 0, after: review.version };
  return (
    <>
      <p>
        {there.length === 0
          ? t("No edge is another function than before.")
          : t(
            "{0} of {1} {2} not as approved.",
            there.length,
            plural(review.edges.length, "edge"),
            there.length === 1 ? "is" : "are",
          )}
        {removed.length > 0 && t(" {0} removed.", plural(removed.length, "edge"))}
      </p>
      {there.length > 0 && <Way review={review} edges={there} selected={selected} onSelect={onSelect} />}
      {chosen ? (
        <EdgePair versions={versions} difference={chosen} />
      ) : (
        <p class="hint">
          {selected
            ? t("This edge is the same function as in version {0}.", versions.before)
            : t("Choose an edge to see both versions of it.")}
        </p>
      )}
      {removed.map((difference) => (
        <details key={difference.overlay.edge}>
          <summary>{tx("Removed: {0} → {1}", difference.overlay.source, difference.overlay.target)}</summary>
          <EdgePair versions={versions} difference={difference} />
        </details>
      ))}
    </>
  );
}

/** Each changed edge with its decision, and which edges the keys stop at. */
function Way({ review, edges, selected, onSelect }: DifferencesProps) {
  const decisions = new Map(review.edges.map((edge) => [edge.edge, edge.decision]));
  const only = walksChanges();
  return (
    <>
      <ul class="chips" aria-label={t("Changed edges")}>
        {edges.map(({ overlay, change }) => {
          const decision = decisions.get(overlay.edge) ?? null;
          return (
            <li key={overlay.edge}>
              <button
                type="button"
                class="chip"
                aria-pressed={overlay.edge === selected}
                onClick={() => onSelect(overlay.edge)}
              >
                <span aria-hidden="true">{decision === null ? "○" : decision === "accepted" ? "✓" : "✕"}</span>
                {overlay.source} → {overlay.target}
                <span class="visually-hidden">, {change}, {decision ?? t("not decided")}</span>
              </button>
            </li>
          );
        })}
      </ul>
      <div class="segmented" role="group" aria-label={t("The keys n and p stop at")}>
        <button type="button" aria-pressed={!only} onClick={() => setQuery({ walk: null })}>
          {t("Walk all edges")}
        </button>
        <button type="button" aria-pressed={only} onClick={() => setQuery({ walk: "changed" })}>
          {t("Only what changed")}
        </button>
      </div>
    </>
  );
}
