// Which version came from which: a picture whose every node is a link, and a table of the same.
import { getLineage } from "./api/operations";
import type { Lineage, LineageNode } from "./api/types";
import { AliasBadge, StateBadge } from "./components/badge";
import { Loaded } from "./components/loaded";
import { Table } from "./components/table";
import { plural, words } from "./format";
import { placesOf, type Place } from "./lineage_layout";
import { t, tx } from "./messages";
import { useResource } from "./resource";
import { address } from "./router";

const ROW = 46;
const COLUMN = 56;
const RADIUS = 9;
const TEXT_WIDTH = 420;

export function LineageTree({ model }: { model: string }) {
  const lineage = useResource(model, (signal) => getLineage(model, signal));
  return (
    <Loaded resource={lineage} rows={3}>
      {(data) =>
        data.nodes.length === 0 ? (
          <p class="empty">{t("No version has been trained yet.")}</p>
        ) : (
          <div class="card">
            <Graph model={model} lineage={data} />
            <details>
              <summary>{t("As a table")}</summary>
              <LineageTable model={model} lineage={data} />
            </details>
          </div>
        )
      }
    </Loaded>
  );
}

function Graph({ model, lineage }: { model: string; lineage: Lineage }) {
  const places = placesOf(lineage);
  const at = new Map(places.map((place) => [place.number, place]));
  const columns = Math.max(...places.map(({ column }) => column)) + 1;
  const width = columns * COLUMN + TEXT_WIDTH;
  return (
    <div class="lineage" tabIndex={0} role="group" aria-label={t("Lineage of the versions")}>
      <svg width={width} height={places.length * ROW} viewBox={`0 0 ${width} ${places.length * ROW}`}>
        {lineage.edges.map(({ parent, child }) => {
          const [from, to] = [at.get(parent), at.get(child)];
          return from && to && <path key={child} class="lineage-link" d={linkBetween(from, to)} />;
        })}
        {lineage.nodes.map((node) => {
          const place = at.get(node.number);
          return place && <Node key={node.number} model={model} lineage={lineage} node={node} place={place} />;
        })}
      </svg>
    </div>
  );
}

const x = ({ column }: Place): number => column * COLUMN + RADIUS + 3;
const y = ({ row }: Place): number => row * ROW + ROW / 2;

/** Down from the parent, then right to the child. */
function linkBetween(from: Place, to: Place): string {
  return `M${x(from)} ${y(from)}V${y(to) - 12}Q${x(from)} ${y(to)} ${x(from) + 12} ${y(to)}H${x(to)}`;
}

interface NodeProps {
  model: string;
  lineage: Lineage;
  node: LineageNode;
  place: Place;
}

function Node({ model, lineage, node, place }: NodeProps) {
  const [left, top] = [x(place) + RADIUS + 8, y(place)];
  const aliases = node.aliases.map((alias) => ` ★ ${alias}`).join("");
  return (
    <a href={address`/models/${model}/versions/${node.number}`}>
      <circle class={`lineage-node state-${node.state}`} cx={x(place)} cy={top} r={RADIUS} />
      <text class="lineage-name" x={left} y={top - 3}>
        {tx("Version {0}, {1}{2}", node.number, words(node.state), aliases)}
      </text>
      <text class="lineage-story" x={left} y={top + 13}>
        {storyOf(lineage, node)}
      </text>
    </a>
  );
}

function storyOf(lineage: Lineage, node: LineageNode): string {
  const edge = lineage.edges.find(({ child }) => child === node.number);
  const how = edge ? edge.operations.join(", ") : "trained";
  const message = edge?.message ? `: ${edge.message}` : "";
  const text = `${how}${message}`;
  return `${text.length > 48 ? `${text.slice(0, 47)}…` : text} · ${plural(node.active_edges, "edge")}`;
}

function LineageTable({ model, lineage }: { model: string; lineage: Lineage }) {
  const edgeOf = (node: LineageNode) => lineage.edges.find(({ child }) => child === node.number);
  return (
    <Table
      caption={t("Lineage")}
      rows={lineage.nodes}
      rowKey={(node) => node.number}
      columns={[
        {
          title: t("Version"),
          cell: (node) => (
            <>
              <a href={address`/models/${model}/versions/${node.number}`}>
                {tx("Version {0}", node.number)}
              </a>{" "}
              {node.aliases.map((alias) => (
                <AliasBadge key={alias} alias={alias} />
              ))}
            </>
          ),
        },
        { title: t("State"), cell: (node) => <StateBadge state={node.state} /> },
        { title: t("Parent"), numeric: true, cell: (node) => edgeOf(node)?.parent ?? "–" },
        { title: t("How"), cell: (node) => edgeOf(node)?.operations.join(", ") ?? "trained" },
        { title: t("Message"), cell: (node) => edgeOf(node)?.message || "–" },
        { title: t("Edges"), numeric: true, cell: (node) => node.active_edges },
        {
          title: t("Compare"),
          cell: (node) => {
            const edge = edgeOf(node);
            if (!edge) return "–";
            return (
              <a href={address`/models/${model}/versions/${edge.parent}/compare/${node.number}`}>
                {tx("Compare with version {0}", edge.parent)}
              </a>
            );
          },
        },
      ]}
    />
  );
}
