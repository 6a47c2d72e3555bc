// The lists of a sweep while they are being typed, and what they say.
import type { SweepGrid } from "./api/types";
import { t } from "./messages";

export type SweepField = keyof SweepGrid;

export type SweepDraft = Readonly<Record<SweepField, string>>;

interface SweepList {
  readonly field: SweepField;
  readonly label: string;
  readonly hint: string;
  /** What a list may look like; the server knows the limits. */
  readonly pattern: string;
}

const WHOLE = "\\s*\\d+(\\s*,\\s*\\d+)*\\s*";
const DECIMAL = "\\s*\\d*\\.?\\d+(\\s*,\\s*\\d*\\.?\\d+)*\\s*";

export const SWEEP_LISTS: readonly SweepList[] = [
  {
    field: "hidden",
    label: t("Hidden widths"),
    hint: t("Networks separated by semicolons, none for an additive one: none; 3; 5, 2."),
    pattern: "\\s*(none|\\d+(\\s*,\\s*\\d+)*)(\\s*;\\s*(none|\\d+(\\s*,\\s*\\d+)*))*\\s*",
  },
  { field: "grid_size", label: t("Spline intervals"), hint: t("For example 5, 10, 20."), pattern: WHOLE },
  { field: "degree", label: t("Spline degrees"), hint: t("For example 2, 3."), pattern: WHOLE },
  {
    field: "tolerance",
    label: t("Simplification tolerances"),
    hint: t("Shares that fewer edges may cost: 0, 0.01, 0.05."),
    pattern: DECIMAL,
  },
  {
    field: "maximum_edges",
    label: t("Most edges"),
    hint: t("For example none, 40, 10."),
    pattern: "\\s*(none|\\d+)(\\s*,\\s*(none|\\d+))*\\s*",
  },
  {
    field: "formula_tolerance",
    label: t("Losses for formulas"),
    hint: t("Shares that formulas may cost: 0.001, 0.01."),
    pattern: DECIMAL,
  },
  {
    field: "optimizer",
    label: t("Optimisers"),
    hint: t("Of auto, gauss_newton, adam, lbfgs."),
    pattern: "\\s*(auto|gauss_newton|adam|lbfgs)(\\s*,\\s*(auto|gauss_newton|adam|lbfgs))*\\s*",
  },
  {
    field: "seed",
    label: t("Seeds"),
    hint: t("Another seed also holds other rows out: 0, 1, 2."),
    pattern: WHOLE,
  },
];

export const EMPTY_SWEEP: SweepDraft = {
  hidden: "",
  grid_size: "",
  degree: "",
  optimizer: "",
  tolerance: "",
  maximum_edges: "",
  formula_tolerance: "",
  seed: "",
};

/** What is sent: an empty list is left away. */
export function gridOf(draft: SweepDraft): SweepGrid {
  const numbers = (text: string): number[] | null => listed(text, ",", Number);
  return {
    hidden: listed(draft.hidden, ";", (widths) => (widths === "none" ? [] : widths.split(",").map(Number))),
    grid_size: numbers(draft.grid_size),
    degree: numbers(draft.degree),
    optimizer: listed(draft.optimizer, ",", (name) => name) as NonNullable<SweepGrid["optimizer"]> | null,
    tolerance: numbers(draft.tolerance),
    maximum_edges: listed(draft.maximum_edges, ",", (edges) => (edges === "none" ? null : Number(edges))),
    formula_tolerance: numbers(draft.formula_tolerance),
    seed: numbers(draft.seed),
  };
}

/** How many trainings the lists make. */
export function combinationsOf(grid: SweepGrid): number {
  return Object.values(grid).reduce((product, values) => product * (values?.length ?? 1), 1);
}

function listed<Value>(text: string, separator: string, read: (part: string) => Value): Value[] | null {
  const parts = text
    .split(separator)
    .map((part) => part.trim())
    .filter(Boolean);
  return parts.length > 0 ? parts.map(read) : null;
}

/** A setting of a candidate as people read it. */
export function settingText(name: string, value: unknown): string {
  const shown = Array.isArray(value) ? value.join(", ") || "none" : String(value ?? "none");
  return `${name.replaceAll("_", " ")} ${shown}`;
}
