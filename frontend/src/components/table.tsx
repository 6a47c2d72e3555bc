// A table that becomes a list of cards on a narrow screen: every cell carries its column's name.
import type { ComponentChildren } from "preact";

export interface Column<Row> {
  readonly title: string;
  readonly numeric?: boolean;
  readonly cell: (row: Row) => ComponentChildren;
}

interface TableProps<Row> {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string | number;
  /** Plain tables of numbers stay tables and scroll sideways. */
  narrow?: "cards" | "scroll";
}

export function Table<Row>({ caption, columns, rows, rowKey, narrow = "cards" }: TableProps<Row>) {
  return (
    <div
      class="table-frame"
      {...(narrow === "scroll" ? { tabIndex: 0, role: "region", "aria-label": caption } : {})}
    >
      <table class={narrow === "cards" ? "cards" : ""}>
        <caption class="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th scope="col" key={column.title} class={column.numeric ? "numeric" : ""}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column) => (
                <td key={column.title} data-title={column.title} class={column.numeric ? "numeric" : ""}>
                  <div>{column.cell(row)}</div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
