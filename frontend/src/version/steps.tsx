// One step back, one step forward: every change is a version, so undoing is going to the parent.
import { getLineage } from "../api/operations";
import type { Version } from "../api/types";
import { t, tx } from "../messages";
import { useResource } from "../resource";
import { address } from "../router";

export function Steps({ version }: { version: Version }) {
  const { model, number: own, parent } = version;
  const lineage = useResource(model, (signal) => getLineage(model, signal));
  const children = lineage.data?.edges.filter((edge) => edge.parent === own) ?? [];
  if (parent === null && children.length === 0) return null;
  return (
    <nav class="steps" aria-label={t("Changes")}>
      {parent !== null && (
        <a class="chip" href={address`/models/${model}/versions/${parent}`}>
          {tx("{0} Undo: version {1}", <span aria-hidden="true">↶</span>, parent)}
        </a>
      )}
      {children.map((edge) => (
        <a class="chip" key={edge.child} href={address`/models/${model}/versions/${edge.child}`} title={edge.message}>
          {tx(
            "{0} Redo: version {1}, {2}",
            <span aria-hidden="true">↷</span>,
            edge.child,
            edge.operations.join(", "),
          )}
        </a>
      ))}
    </nav>
  );
}
