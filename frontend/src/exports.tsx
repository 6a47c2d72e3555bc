// The version as files that run without this service.
import { useState } from "preact/hooks";

import { exportAddress } from "./api/operations";
import type { ExportFormat, Version } from "./api/types";
import { SelectField } from "./components/field";
import { t } from "./messages";

const FORMATS: readonly (readonly [ExportFormat, string, string])[] = [
  ["python", t("Python"), t("a module that needs nothing but Python")],
  ["c", "C", t("one C99 file")],
  ["onnx", "ONNX", t("a graph in double precision")],
  ["onnx-float32", t("ONNX, single"), t("inputs and outputs in single precision")],
  ["sql-postgres", "PostgreSQL", t("a query over a table of rows")],
  ["sql-sqlite", "SQLite", t("a query over a table of rows")],
  ["sql-duckdb", "DuckDB", t("a query over a table of rows")],
  ["sql-snowflake", t("Snowflake"), t("a query over a table of rows")],
  ["sql-bigquery", "BigQuery", t("a query over a table of rows")],
  ["sql-tsql", t("SQL Server"), t("a query over a table of rows, from 2022 on")],
  ["json", "JSON", t("a complete description of the function")],
  ["latex", "LaTeX", t("an article with every equation")],
];

export function Exports({ version }: { version: Version }) {
  const outputs = version.shape.at(-1) ?? 1;
  const [output, setOutput] = useState("0");
  return (
    <>
      <p class="hint">
        {t("Each file carries the digest of this version and gives the same answers and the same contributions as the service.")}
      </p>
      {outputs > 1 && (
        <SelectField
          label={t("Explained output")}
          value={output}
          onValue={setOutput}
          options={version.columns.classes.map((name, index) => [String(index), name])}
        />
      )}
      <ul class="exports" aria-label={t("Files")}>
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
