// A figure of the API: drawn for the eye, and as a table for everybody.
import { useEffect, useRef, useState } from "preact/hooks";

import type { Figure } from "../api/types";
import { Table } from "../components/table";
import { cell } from "../format";
import { t } from "../messages";
import { theme } from "../theme";
import { traceTables, type TraceTable } from "./figure_table";
import { draw, type Drawing } from "./plotly";

interface ChartProps {
  figure: Figure;
  /** What the chart shows, in a sentence. */
  description: string;
  tall?: boolean;
}

/** Draws the figure into the element it returns, again whenever figure, colours or width change. */
function useDrawing(figure: Figure) {
  const element = useRef<HTMLDivElement>(null);
  const drawing = useRef<Drawing | null>(null);
  const isMounted = useRef(true);
  const [isDrawn, setDrawn] = useState(false);
  const colours = theme.value;

  useEffect(() => {
    if (!element.current) return;
    const ready = drawing.current
      ? drawing.current.update(figure)
      : draw(element.current, figure).then((started) => {
          if (isMounted.current) drawing.current = started;
          else started.remove();
        });
    void ready.then(() => {
      if (isMounted.current) setDrawn(true);
    });
  }, [figure, colours]);

  useEffect(() => {
    isMounted.current = true;
    if (!element.current) return undefined;
    const observer = new ResizeObserver(() => drawing.current?.resize());
    observer.observe(element.current);
    return () => {
      isMounted.current = false;
      observer.disconnect();
      drawing.current?.remove();
      drawing.current = null;
    };
  }, []);
  return { element, isDrawn };
}

export function Chart({ figure, description, tall = false }: ChartProps) {
  const { element, isDrawn } = useDrawing(figure);
  return (
    <figure class="chart">
      <div
        ref={element}
        class={tall ? "chart-area chart-tall" : "chart-area"}
        role="img"
        aria-label={description}
        data-drawn={isDrawn}
      />
      <details>
        <summary>{t("Numbers of this chart")}</summary>
        {traceTables(figure).map((table) => (
          <TraceNumbers key={table.name} table={table} />
        ))}
      </details>
    </figure>
  );
}

function TraceNumbers({ table }: { table: TraceTable }) {
  return (
    <>
      <h4>{table.name}</h4>
      <Table
        caption={table.name}
        narrow="scroll"
        rows={table.rows}
        rowKey={(row) => table.rows.indexOf(row)}
        columns={[
          { title: table.xTitle, numeric: true, cell: ([x]) => show(x) },
          { title: table.yTitle, numeric: true, cell: ([, y]) => show(y) },
        ]}
      />
    </>
  );
}

function show(value: unknown): string {
  return typeof value === "number" || typeof value === "string" ? cell(value) : "–";
}
