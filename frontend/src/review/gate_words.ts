// The gates of a review policy as people read them.
import type { ReviewPolicy } from "../api/types";
import { t } from "../messages";

export type Gate = ReviewPolicy["gates"][number];

export const GATES: readonly (readonly [gate: Gate, name: string, explanation: string])[] = [
  ["findings", t("Findings"), t("No finding of high severity is unclosed.")],
  ["fidelity", t("Fidelity"), t("Formulas decide nearly all held-out rows as the splines did.")],
  ["certificates", t("Certificates"), t("Every expected direction is proved for the whole domain.")],
  ["reasons", t("Reasons"), t("Every scored feature has its words, where people are owed reasons.")],
  ["challenger", t("Challenger"), t("No worse than the champion on the same rows.")],
];
