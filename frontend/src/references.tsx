// The populations that contributions of a version are measured against, and which of them is the default.
import {
  getDefaultReference,
  listReferences,
  setDefaultReference,
} from "./api/operations";
import type { Condition, Reference, Selection, Version } from "./api/types";
import { Digest } from "./components/digest";
import { Loaded } from "./components/loaded";
import { ProblemNote } from "./components/problem";
import { Table, type Column } from "./components/table";
import { cell, moment, number } from "./format";
import { t, tx } from "./messages";
import { NewReference } from "./reference/new_reference";
import { useAction, useResource } from "./resource";
import { may } from "./session";

export function References({ version }: { version: Version }) {
  const { model, number: versionNumber } = version;
  const all = useResource(`${model}/${versionNumber}`, (signal) => listReferences(model, versionNumber, signal));
  const choose = useAction(async (row: Reference) => {
    const { etag } = await getDefaultReference(model, versionNumber);
    await setDefaultReference(model, versionNumber, etag, { name: row.name, revision: row.revision });
    all.reload();
  });
  const mayChoose = version.state === "candidate" && may("set_default_reference");
  const columns: Column<Reference>[] = [...COLUMNS];
  if (mayChoose) {
    columns.push({
      title: t("Action"),
      cell: (row) =>
        row.is_default ? null : (
          <button type="button" class="button" onClick={() => void choose.run(row)}>
            {tx("Make {0} {1} the default", row.name, row.revision)}
          </button>
        ),
    });
  }
  return (
    <>
      <p class="hint">
        {t(
          "Contributions say how far a row lies from the average over a reference. The default is settled while the version is a candidate.",
        )}
      </p>
      {choose.problem && <ProblemNote problem={choose.problem} />}
      <Loaded resource={all} rows={2}>
        {({ items }) => (
          <Table
            caption={t("References")}
            columns={columns}
            rows={items}
            rowKey={(row) => `${row.name} ${row.revision}`}
          />
        )}
      </Loaded>
      {may("create_reference") && <NewReference version={version} onMade={all.reload} />}
    </>
  );
}

const COLUMNS: readonly Column<Reference>[] = [
  {
    title: t("Reference"),
    cell: (row) => (
      <>
        <strong>{row.name}</strong> {row.is_default && <span class="badge">{t("default")}</span>}
      </>
    ),
  },
  { title: t("Revision"), numeric: true, cell: (row) => row.revision },
  { title: t("Who"), cell: (row) => describe(row.selection) },
  {
    title: t("Rows"),
    numeric: true,
    cell: (row) => (row.rows === row.matched ? row.rows : `${row.rows} of ${row.matched}`),
  },
  { title: t("Digest"), cell: (row) => <Digest digest={row.digest} /> },
  { title: t("Made"), cell: (row) => `${moment(row.created_at)} by ${row.created_by}` },
];

function describe(selection: Selection): string {
  switch (selection.kind) {
    case "training":
      return "training rows";
    case "all_applicants":
      return "all rows, held-out ones too";
    case "response_between":
      return `training rows with a response from ${number(selection.lower)} to ${number(selection.upper)}`;
    case "response_nearest":
      return `the ${selection.rows} training rows nearest to ${number(selection.cutoff)}`;
    case "single_applicant":
      return Object.entries(selection.row)
        .map(([name, value]) => `${name} ${cell(value)}`)
        .join(", ");
    case "filter":
      return Object.entries(selection.features)
        .map(([name, condition]) => conditionText(name, condition))
        .join("; ");
  }
}

function conditionText(name: string, condition: Condition): string {
  const { minimum, maximum, categories, missing } = condition;
  const hasRange = typeof minimum === "number" || typeof maximum === "number";
  const parts = [
    ...(hasRange ? [`${name} ${rangeText(minimum, maximum)}`] : []),
    ...(categories && categories.length > 0 ? [`${name} ${categories.join(" or ")}`] : []),
    ...(missing ? [`${name} missing`] : []),
  ];
  return parts.join(", or ") || name;
}

function rangeText(minimum: number | null | undefined, maximum: number | null | undefined): string {
  if (typeof minimum !== "number") return t("at most {0}", number(maximum));
  return typeof maximum === "number" ? `${number(minimum)} to ${number(maximum)}` : t("at least {0}", number(minimum));
}
