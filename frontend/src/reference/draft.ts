// A reference while it is being chosen: texts, so that nothing is lost before it is checked.
import type { Feature, Row, Selection } from "../api/types";
import { t } from "../messages";
import { typedRow, type RowTexts } from "../row_form";

export const KINDS = [
  ["response_between", t("Near the cut-off: response between two bounds")],
  ["response_nearest", t("Near the cut-off: the nearest rows")],
  ["filter", t("Rows that meet conditions")],
  ["single_applicant", t("One applicant, written out")],
  ["all_applicants", t("All applicants")],
] as const;

export type Kind = (typeof KINDS)[number][0];

/** What a value must be; texts for numbers, an empty one for no bound. */
export interface ConditionDraft {
  readonly feature: string;
  readonly minimum: string;
  readonly maximum: string;
  readonly categories: readonly string[];
  readonly missing: boolean;
}

export interface ReferenceDraft {
  readonly kind: Kind;
  readonly lower: string;
  readonly upper: string;
  readonly rows: string;
  readonly conditions: readonly ConditionDraft[];
  readonly applicant: RowTexts;
}

export const EMPTY: ReferenceDraft = {
  kind: "response_between",
  lower: "0.4",
  upper: "0.6",
  rows: "200",
  conditions: [],
  applicant: {},
};

export const newCondition = (feature: string): ConditionDraft => ({
  feature,
  minimum: "",
  maximum: "",
  categories: [],
  missing: false,
});

/** What is sent; the form's own number fields keep everything here a number. */
export function selectionOf(draft: ReferenceDraft, features: readonly Feature[]): Selection {
  const { kind, lower, upper, rows } = draft;
  switch (kind) {
    case "response_between":
      return { kind, lower: Number(lower), upper: Number(upper) };
    case "response_nearest":
      return { kind, cutoff: Number(lower), rows: Number(rows) };
    case "all_applicants":
      return { kind };
    case "single_applicant":
      return { kind, row: typedRow(features, draft.applicant) as Row };
    case "filter":
      return { kind, features: Object.fromEntries(draft.conditions.map((one) => [one.feature, conditionOf(one)])) };
  }
}

function conditionOf({ minimum, maximum, categories, missing }: ConditionDraft) {
  return {
    minimum: minimum === "" ? null : Number(minimum),
    maximum: maximum === "" ? null : Number(maximum),
    categories: [...categories],
    missing,
  };
}
