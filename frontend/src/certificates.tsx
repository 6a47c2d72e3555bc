// What is proved of a version for its whole domain: fact, outcome, bounds, tightness, the rows that show it.
import { getVersionCertificates } from "./api/operations";
import type { Certificate } from "./api/types";
import { StateBadge } from "./components/badge";
import { Loaded } from "./components/loaded";
import { Table, type Column } from "./components/table";
import { cell, duration, number } from "./format";
import { t, tx } from "./messages";
import { useResource } from "./resource";

const COLUMNS: readonly Column<Certificate>[] = [
  { title: t("Fact"), cell: (one) => <Fact certificate={one} /> },
  { title: t("Outcome"), cell: (one) => <Verdict certificate={one} /> },
  { title: t("Proved bounds"), cell: (one) => <Bounds certificate={one} /> },
  { title: t("Tightness"), numeric: true, cell: (one) => number(one.tightness, 3) },
  { title: t("Witness"), cell: (one) => <Witnesses certificate={one} /> },
  { title: t("Time"), numeric: true, cell: (one) => (one.seconds === null ? t("in training") : duration(one.seconds)) },
];

export function Certificates({ model, version }: { model: string; version: string }) {
  const found = useResource(`${model}/${version}`, (signal) => getVersionCertificates(model, version, signal));
  return (
    <Loaded resource={found} rows={8}>
      {({ certificates }) =>
        certificates.length === 0 ? (
          <p class="hint">{t("Nothing can be proved of this version.")}</p>
        ) : (
          <Proofs items={certificates} />
        )
      }
    </Loaded>
  );
}

function Proofs({ items }: { items: readonly Certificate[] }) {
  const directed = items.filter((one) => one.fact === "monotone");
  const used = new Set(directed.filter((one) => one.direction !== "none").map((one) => one.feature));
  const unused = new Set(directed.map((one) => one.feature).filter((name) => !used.has(name)));
  const shown = items.filter((one) => !unused.has(one.feature));
  return (
    <>
      <p class="hint">
        {tx(
          "Proved for {0}. Tightness is the proved width or size over the one found at rows: 1 is exact.",
          items[0]?.domain,
        )}
      </p>
      <Table caption={t("Certificates")} columns={COLUMNS} rows={shown} rowKey={(one) => items.indexOf(one)} />
      {unused.size > 0 && <p class="hint">{tx("Proved to have no effect: {0}.", [...unused].join(", "))}</p>}
    </>
  );
}

function Fact({ certificate: one }: { certificate: Certificate }) {
  return (
    <>
      {one.statement}
      <div class="hint">{tx("By {0}.", one.method)}</div>
    </>
  );
}

function Verdict({ certificate: one }: { certificate: Certificate }) {
  return (
    <>
      <StateBadge state={one.outcome} />
      {one.expected && <div class="hint">{tx("Expected: {0}", one.expected)}</div>}
      {one.reason && <div class="hint">{one.reason}</div>}
    </>
  );
}

function Bounds({ certificate: one }: { certificate: Certificate }) {
  if (!one.bounds) return <>–</>;
  return (
    <>
      {interval(one.bounds)}
      <div class="hint">
        {one.fact === "monotone" && "slope, "}
        {one.unit}
        {one.response && one.unit !== `unit of ${one.output}` && <>{tx("; response {0}", interval(one.response))}</>}
      </div>
    </>
  );
}

function Witnesses({ certificate: one }: { certificate: Certificate }) {
  if (one.witness.length === 0) return <>–</>;
  return (
    <details>
      <summary>{one.witness.map((witness) => number(witness.output)).join(", ")}</summary>
      {one.witness.map((witness, index) => (
        <p key={index} class="hint">
          {Object.entries(witness.row)
            .map(([name, value]) => `${name} ${cell(value)}`)
            .join(", ")}
          : {number(witness.output)}
        </p>
      ))}
    </details>
  );
}

function interval([lower, upper]: readonly number[]): string {
  return `${number(lower)} to ${number(upper)}`;
}
