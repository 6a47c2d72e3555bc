// One step back, one step forward: every change is a version, so undoing is going to the parent.
import { getLineage } from "../api/operations";
import type { Version } from "../api/types";
import { useResource } from "../resource";
import { address } from "../router";

export function Steps({ version }: { version: Version }) {
  const { model, number: own, parent } = version;
  const lineage = useResource(model, (signal) => getLineage(model, signal));
  const children = lineage.data?.edges.filter((edge) => edge.parent === own) ?? [];
  if (parent === null && children.length === 0) return null;
  return (
    <nav class="steps" aria-label="Changes">
      {parent !== null && (
        <a class="chip" href={address`/models/${model}/versions/${parent}`}>
          <span aria-hidden="true">↶</span> Undo: version {parent}
        </a>
      )}
      {children.map((edge) => (
        <a class="chip" key={edge.child} href={address`/models/${model}/versions/${edge.child}`} title={edge.message}>
          <span aria-hidden="true">↷</span> Redo: version {edge.child}, {edge.operations.join(", ")}
        </a>
      ))}
    </nav>
  );
}
