// Which version came from which, as a list that nests children below their parent.
import { getLineage } from "./api/operations";
import type { Lineage, LineageNode } from "./api/types";
import { AliasBadge, StateBadge } from "./components/badge";
import { Loaded } from "./components/loaded";
import { plural } from "./format";
import { useResource } from "./resource";
import { address } from "./router";

export function LineageTree({ model }: { model: string }) {
  const lineage = useResource(model, (signal) => getLineage(model, signal));
  return (
    <Loaded resource={lineage} rows={3}>
      {(data) =>
        data.nodes.length === 0 ? (
          <p class="empty">No version has been trained yet.</p>
        ) : (
          <Branch model={model} lineage={data} parent={null} />
        )
      }
    </Loaded>
  );
}

interface BranchProps {
  model: string;
  lineage: Lineage;
  parent: number | null;
}

function Branch({ model, lineage, parent }: BranchProps) {
  const parentOf = (node: LineageNode) => lineage.edges.find((edge) => edge.child === node.number)?.parent ?? null;
  const nodes = lineage.nodes.filter((node) => parentOf(node) === parent);
  if (nodes.length === 0) return null;
  return (
    <ul class="lineage">
      {nodes.map((node) => (
        <li key={node.number}>
          <Node model={model} lineage={lineage} node={node} />
          <Branch model={model} lineage={lineage} parent={node.number} />
        </li>
      ))}
    </ul>
  );
}

function Node({ model, lineage, node }: { model: string; lineage: Lineage; node: LineageNode }) {
  const edge = lineage.edges.find((one) => one.child === node.number);
  return (
    <>
      <a href={address`/models/${model}/versions/${node.number}`}>Version {node.number}</a>{" "}
      <StateBadge state={node.state} />{" "}
      {node.aliases.map((alias) => (
        <AliasBadge key={alias} alias={alias} />
      ))}
      <span class="block hint">
        {edge ? `${edge.operations.join(", ")}: ${edge.message}` : "trained"}; {plural(node.active_edges, "edge")}
        {edge && (
          <>
            {" · "}
            <a href={address`/models/${model}/versions/${edge.parent}/compare/${node.number}`}>
              Compare with version {edge.parent}
            </a>
          </>
        )}
      </span>
    </>
  );
}
