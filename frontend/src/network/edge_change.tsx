// What became of an edge since another version, fetched when somebody asks.
import { useState } from "preact/hooks";

import { compareVersions } from "../api/operations";
import type { VersionComparison } from "../api/types";
import { EdgeOverlayChart } from "../charts/edge_overlay";
import { Loaded } from "../components/loaded";
import { Facts } from "../components/page";
import { number } from "../format";
import { t, tx } from "../messages";
import { useResource } from "../resource";
import { address } from "../router";

interface EdgeChangeProps {
  model: string;
  version: number;
  edge: string;
  /** The version to look back at, and what it is to this one. */
  earlier: { readonly version: number; readonly role: string };
}

export function EdgeChange(props: EdgeChangeProps) {
  const { earlier } = props;
  const [open, setOpen] = useState(false);
  return (
    <details class="part" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{tx("Against version {0}, {1}", earlier.version, earlier.role)}</summary>
      {open && <Change {...props} />}
    </details>
  );
}

function Change({ model, version, edge, earlier }: EdgeChangeProps) {
  const found = useResource(`${model}/${earlier.version}/${version}`, (signal) =>
    compareVersions(model, earlier.version, version, signal),
  );
  return (
    <>
      <Loaded resource={found} rows={5}>
        {(comparison) => <Difference comparison={comparison} edge={edge} />}
      </Loaded>
      <a href={address`/models/${model}/versions/${earlier.version}/compare/${version}`}>
        {t("Compare the whole versions")}
      </a>
    </>
  );
}

function Difference({ comparison, edge }: { comparison: VersionComparison; edge: string }) {
  if (comparison.edges === null)
    return <p class="hint">{t("The versions have different nodes, so this edge has no counterpart.")}</p>;
  const difference = comparison.edges.find((one) => one.overlay.edge === edge);
  if (!difference) return <p class="hint">{t("This edge is the same function in both versions.")}</p>;
  const { change, overlay } = difference;
  return (
    <>
      <Facts
        facts={[
          [t("Change"), `${change}: ${overlay.form_before} → ${overlay.form_after}`],
          [t("Contribution spread"), `${number(overlay.spread_before)} → ${number(overlay.spread_after)}`],
          [t("Before"), <code>{overlay.text_before}</code>],
          [t("After"), <code>{overlay.text_after}</code>],
        ]}
      />
      <EdgeOverlayChart edge={overlay} />
    </>
  );
}
