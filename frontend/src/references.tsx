// The populations that contributions of a version are measured against, and which of them is the default.
import { useState } from "preact/hooks";

import {
  createReference,
  getDefaultReference,
  listReferences,
  setDefaultReference,
} from "./api/operations";
import type { Reference, Selection, Version } from "./api/types";
import { Digest } from "./components/digest";
import { SelectField, TextField } from "./components/field";
import { Form } from "./components/form";
import { Loaded } from "./components/loaded";
import { ProblemNote } from "./components/problem";
import { Table, type Column } from "./components/table";
import { cell, moment, number } from "./format";
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
      title: "Action",
      cell: (row) =>
        row.is_default ? null : (
          <button type="button" class="button" onClick={() => void choose.run(row)}>
            Make {row.name} {row.revision} the default
          </button>
        ),
    });
  }
  return (
    <>
      <p class="hint">
        Contributions say how far a row lies from the average over a reference. The default is settled while the
        version is a candidate.
      </p>
      {choose.problem && <ProblemNote problem={choose.problem} />}
      <Loaded resource={all} rows={2}>
        {({ items }) => (
          <Table
            caption="References"
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
    title: "Reference",
    cell: (row) => (
      <>
        <strong>{row.name}</strong> {row.is_default && <span class="badge">default</span>}
      </>
    ),
  },
  { title: "Revision", numeric: true, cell: (row) => row.revision },
  { title: "Who", cell: (row) => describe(row.selection) },
  {
    title: "Rows",
    numeric: true,
    cell: (row) => (row.rows === row.matched ? row.rows : `${row.rows} of ${row.matched}`),
  },
  { title: "Digest", cell: (row) => <Digest digest={row.digest} /> },
  { title: "Made", cell: (row) => `${moment(row.created_at)} by ${row.created_by}` },
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
      return `training rows, filtered by ${Object.keys(selection.features).join(", ")}`;
  }
}

const KINDS = [
  ["response_between", "Near the cut-off: response between two bounds"],
  ["response_nearest", "Near the cut-off: the nearest rows"],
  ["all_applicants", "All applicants"],
] as const;

type Kind = (typeof KINDS)[number][0];

/** The kinds that a person chooses by a few numbers; filters and single rows come through the API. */
function NewReference({ version, onMade }: { version: Version; onMade: () => void }) {
  const [name, setName] = useState("");
  const [kind, setKind] = useState<Kind>("response_between");
  const [lower, setLower] = useState("0.4");
  const [upper, setUpper] = useState("0.6");
  const [rows, setRows] = useState("200");
  const selection = (): Selection => {
    if (kind === "response_between") return { kind, lower: Number(lower), upper: Number(upper) };
    if (kind === "response_nearest") return { kind, cutoff: Number(lower), rows: Number(rows) };
    return { kind };
  };
  const create = useAction(async () => {
    await createReference(version.model, version.number, { name, selection: selection() });
    setName("");
    onMade();
  });
  const at = (pointer: string): string | undefined => create.problem?.at(pointer);
  const isBetween = kind === "response_between";
  return (
    <details>
      <summary>New reference</summary>
      <Form action={create} shownAt={["/name"]} submit="Keep this reference" busy="Choosing rows…">
        <TextField
          label="Name of the reference"
          hint="Lower-case letters, digits, hyphens. A name that exists gets its next revision."
          value={name}
          onValue={setName}
          error={at("/name")}
          input={{ required: true, pattern: "[a-z][a-z0-9\\-]+", maxLength: 63, spellcheck: false }}
        />
        <SelectField label="Who" value={kind} onValue={(value) => setKind(value as Kind)} options={KINDS} />
        {kind !== "all_applicants" && (
          <TextField
            label={isBetween ? "Lowest response" : "Cut-off"}
            value={lower}
            onValue={setLower}
            input={{ type: "number", step: "any", required: true }}
          />
        )}
        {isBetween && (
          <TextField
            label="Highest response"
            value={upper}
            onValue={setUpper}
            input={{ type: "number", step: "any", required: true }}
          />
        )}
        {kind === "response_nearest" && (
          <TextField
            label="Rows"
            value={rows}
            onValue={setRows}
            input={{ type: "number", step: 1, min: 1, max: 2000, required: true }}
          />
        )}
      </Form>
    </details>
  );
}
