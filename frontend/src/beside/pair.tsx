// One edge beside its counterpart in another version: curves, formulas, and the facts that are not the same.
import { getEdge } from "../api/operations";
import type { EdgeDetail, EdgeDifference } from "../api/types";
import { FormBadge } from "../components/badge";
import { FormulaView } from "../components/formula";
import { Loaded } from "../components/loaded";
import { Table } from "../components/table";
import { number, signed } from "../format";
import { t, tx } from "../messages";
import { useResource } from "../resource";
import { changesOf, farthest } from "./changes";
import { SideCurve, type Side } from "./curves";

export interface Versions {
  readonly model: string;
  readonly before: number;
  readonly after: number;
}

interface PairProps {
  versions: Versions;
  difference: EdgeDifference;
}

/** What each version says of the edge; null where the edge is not there. */
interface Details {
  before: EdgeDetail | null;
  after: EdgeDetail | null;
}

export function EdgePair({ versions, difference }: PairProps) {
  const { model, before, after } = versions;
  const { overlay, change } = difference;
  const details = useResource(`${model}/${before}/${after}/${overlay.edge}`, async (signal): Promise<Details> => {
    const [then, now] = await Promise.all([
      change === "added" ? null : getEdge(model, before, overlay.edge, signal),
      change === "removed" ? null : getEdge(model, after, overlay.edge, signal),
    ]);
    return { before: then, after: now };
  });
  return (
    <div class="pair-of-edges">
      <div class="sides">
        {(["before", "after"] as const).map((side) => (
          <OneSide key={side} side={side} versions={versions} difference={difference} detail={details.data?.[side]} />
        ))}
      </div>
      <Loaded resource={details} rows={3}>
        {(found) => <WhatChanged versions={versions} difference={difference} details={found} />}
      </Loaded>
      <PairNumbers versions={versions} difference={difference} />
    </div>
  );
}

interface SideProps extends PairProps {
  side: Side;
  detail: EdgeDetail | null | undefined;
}

function OneSide({ side, versions, difference, detail }: SideProps) {
  const { overlay, change } = difference;
  const number = versions[side];
  const isAbsent = (side === "before" && change === "added") || (side === "after" && change === "removed");
  const form = side === "before" ? overlay.form_before : overlay.form_after;
  return (
    <section class="side" aria-label={t("{0} → {1} in version {2}", overlay.source, overlay.target, number)}>
      <h4>{tx("Version {0} {1}", number, <FormBadge form={form} />)}</h4>
      <SideCurve
        overlay={overlay}
        side={side}
        description={t("{0} to {1} in version {2}; the numbers follow below", overlay.source, overlay.target, number)}
      />
      {isAbsent ? (
        <p class="hint">{t("This version does not have the edge.")}</p>
      ) : (
        detail && <FormulaView latex={detail.latex} text={detail.text} />
      )}
    </section>
  );
}

function WhatChanged({ versions, difference, details }: PairProps & { details: Details }) {
  const { overlay } = difference;
  const far = farthest(overlay);
  const unit = overlay.unit ? ` ${overlay.unit}` : "";
  const rows = changesOf(overlay, details.before, details.after);
  return (
    <>
      {far && (
        <p>
          {tx(
            "Farthest apart at {0}: {1} on the link scale, averages set to zero.",
            <strong>{overlay.categories[far.index] ?? `${number(overlay.x[far.index])}${unit}`}</strong>,
            signed(far.difference, 3),
          )}
        </p>
      )}
      <Table
        caption={t("What changed in this edge")}
        rows={rows}
        rowKey={(row) => row.what}
        columns={[
          { title: t("What changed"), cell: (row) => row.what },
          { title: t("Version {0}", versions.before), cell: (row) => <span class="break">{row.before}</span> },
          { title: t("Version {0}", versions.after), cell: (row) => <span class="break">{row.after}</span> },
        ]}
      />
    </>
  );
}

function PairNumbers({ versions, difference }: PairProps) {
  const { overlay } = difference;
  const isTable = overlay.categories.length > 0;
  return (
    <details>
      <summary>{t("Numbers of these charts")}</summary>
      <Table
        caption={t("{0} → {1} in both versions, less its mean", overlay.source, overlay.target)}
        narrow="scroll"
        rows={overlay.x.map((x, index) => ({ x, index }))}
        rowKey={(row) => row.index}
        columns={[
          {
            title: overlay.source,
            numeric: !isTable,
            cell: (row) => (isTable ? (overlay.categories[row.index] ?? "") : number(row.x)),
          },
          { title: t("Version {0}", versions.before), numeric: true, cell: (row) => number(overlay.before[row.index]) },
          { title: t("Version {0}", versions.after), numeric: true, cell: (row) => number(overlay.after[row.index]) },
        ]}
      />
    </details>
  );
}
