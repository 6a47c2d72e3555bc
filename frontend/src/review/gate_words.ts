// The gates of a review policy as people read them.
import type { ReviewPolicy } from "../api/types";

export type Gate = ReviewPolicy["gates"][number];

export const GATES: readonly (readonly [gate: Gate, name: string, explanation: string])[] = [
  ["findings", "Findings", "No finding of high severity is unclosed."],
  ["fidelity", "Fidelity", "Formulas decide nearly all held-out rows as the splines did."],
  ["certificates", "Certificates", "Every expected direction is proved for the whole domain."],
  ["reasons", "Reasons", "Every scored feature has its words, where people are owed reasons."],
  ["challenger", "Challenger", "No worse than the champion on the same rows."],
];
