// The version as files that run without this service.
import { useState } from "preact/hooks";

import { exportAddress } from "./api/operations";
import type { ExportFormat, Version } from "./api/types";
import { SelectField } from "./components/field";

const FORMATS: readonly (readonly [ExportFormat, string, string])[] = [
  ["python", "Python", "a module that needs nothing but Python"],
  ["c", "C", "one C99 file"],
  ["onnx", "ONNX", "a graph in double precision"],
  ["onnx-float32", "ONNX, single", "inputs and outputs in single precision"],
  ["sql-postgres", "PostgreSQL", "a query over a table of rows"],
  ["sql-sqlite", "SQLite", "a query over a table of rows"],
  ["sql-duckdb", "DuckDB", "a query over a table of rows"],
  ["sql-snowflake", "Snowflake", "a query over a table of rows"],
  ["sql-bigquery", "BigQuery", "a query over a table of rows"],
  ["sql-tsql", "SQL Server", "a query over a table of rows, from 2022 on"],
  ["json", "JSON", "a complete description of the function"],
  ["latex", "LaTeX", "an article with every equation"],
];

export function Exports({ version }: { version: Version }) {
  const outputs = version.shape.at(-1) ?? 1;
  const [output, setOutput] = useState("0");
  return (
    <>
      <p class="hint">
        Each file carries the digest of this version and gives the same answers and the same contributions as
        the service.
      </p>
      {outputs > 1 && (
        <SelectField
          label="Explained output"
          value={output}
          onValue={setOutput}
          options={version.columns.classes.map((name, index) => [String(index), name])}
        />
      )}
      <ul class="exports" aria-label="Files">
        {FORMATS.map(([format, name, hint]) => (
          <li key={format}>
            <a href={exportAddress(version.model, version.number, format, Number(output))} download>
              {name}
            </a>{" "}
            <span class="hint">{hint}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
