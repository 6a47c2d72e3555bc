// The only file that names Plotly: draws a figure of the API in the colours of the page.
import type { Figure } from "../api/types";

type Fields = Record<string, unknown>;

/** Nothing leaves the page: without these the tool bar offers to upload the chart to the vendor. */
const CONFIG: Fields = {
  displaylogo: false,
  displayModeBar: false,
  plotlyServerURL: "",
  responsive: false,
  scrollZoom: false,
  showSendToCloud: false,
};

export interface Drawing {
  update(figure: Figure): Promise<void>;
  resize(): void;
  remove(): void;
}

/** Load the library, once, and draw the figure into the element. */
export async function draw(element: HTMLElement, figure: Figure): Promise<Drawing> {
  const { default: Plotly } = await import("plotly.js-finance-dist-min");
  const update = async (next: Figure): Promise<void> => {
    await Plotly.react(element, next.data, themed(next.layout, element.clientWidth), CONFIG);
  };
  await update(figure);
  return {
    update,
    resize: () => {
      if (element.isConnected && element.clientWidth > 0) void Plotly.Plots.resize(element);
    },
    remove: () => Plotly.purge(element),
  };
}

/** Below this width, in pixels, the names along an axis are shortened so that the bars keep room. */
const NARROW = 520;
const SHORT_NAME = 17;

function themed(layout: Fields, width: number): Fields {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const lines = {
    gridcolor: colour("line"),
    zerolinecolor: colour("line-strong"),
    linecolor: colour("line-strong"),
  };
  const marks: Fields = {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    colorway: ["symbolic", "spline", "table", "bad", "muted"].map(colour),
    font: { family: style.getPropertyValue("--font").trim(), size: 12.5, color: colour("ink") },
    hoverlabel: {
      bgcolor: colour("surface"),
      bordercolor: colour("line-strong"),
      font: { color: colour("ink") },
    },
    // In pixels below the drawing, whatever its height: the container is the whole figure.
    legend: { orientation: "h", x: 0, xref: "container", y: 0, yref: "container", yanchor: "bottom" },
    margin: { l: 52, r: 12, t: 12, b: 44 },
  };
  const axes = Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key));
  const themedAxes = Object.fromEntries(
    [...new Set([...axes, "xaxis", "yaxis"])].map((key) => [
      key,
      themedAxis(asFields(layout[key]), lines, key.startsWith("y") && width < NARROW),
    ]),
  );
  // The page shows the title as text, so the chart does not repeat it.
  const { template: _template, title: _title, width: _width, ...rest } = layout;
  return { ...rest, ...marks, ...themedAxes, autosize: true };
}

/** A low panel gets few ticks; named ticks stand for categories, among which zero means nothing. */
function themedAxis(axis: Fields, lines: Fields, short: boolean): Fields {
  const [from = 0, to = 1] = Array.isArray(axis["domain"]) ? (axis["domain"] as number[]) : [];
  const low = to - from < 0.4 ? { nticks: 3 } : {};
  const named = axis["tickmode"] === "array" ? { zeroline: false } : {};
  const names = short && Array.isArray(axis["ticktext"]) ? { ticktext: axis["ticktext"].map(shorten) } : {};
  const title = { ...asFields(axis["title"]), font: { size: 12 } };
  return { automargin: true, ...axis, ...lines, ...low, ...named, ...names, title };
}

function shorten(name: unknown): string {
  const text = String(name);
  return text.length > SHORT_NAME ? `${text.slice(0, SHORT_NAME - 1)}…` : text;
}

function asFields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}
