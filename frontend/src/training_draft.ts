// The settings of a training while they are being typed: texts, so that nothing is lost before it is checked.
import type { TrainingConfiguration } from "./api/types";

export interface TrainingDraft {
  readonly target: string;
  readonly positiveClass: string;
  readonly inputs: readonly string[];
  readonly hidden: string;
  readonly gridSize: string;
  readonly degree: string;
  readonly steps: string;
  readonly maximumEdges: string;
  readonly symbolify: boolean;
  readonly minimumR2: string;
  readonly testFraction: string;
  readonly seed: string;
  readonly message: string;
}

/** The defaults of the API's TrainingConfiguration. */
export const DEFAULTS: TrainingDraft = {
  target: "",
  positiveClass: "",
  inputs: [],
  hidden: "",
  gridSize: "5",
  degree: "3",
  steps: "300",
  maximumEdges: "40",
  symbolify: true,
  minimumR2: "0.99",
  testFraction: "0.2",
  seed: "0",
  message: "",
};

/** What is sent; the form's own number fields keep everything here a number. */
export function configurationOf(draft: TrainingDraft): TrainingConfiguration {
  return {
    target: draft.target || null,
    positive_class: draft.positiveClass || null,
    inputs: [...draft.inputs],
    hidden: draft.hidden
      .split(/[\s,]+/)
      .filter(Boolean)
      .map(Number),
    grid_size: Number(draft.gridSize),
    degree: Number(draft.degree),
    steps: Number(draft.steps),
    sparsity: null,
    maximum_edges: draft.maximumEdges === "" ? null : Number(draft.maximumEdges),
    symbolify: draft.symbolify,
    minimum_r2: Number(draft.minimumR2),
    test_fraction: Number(draft.testFraction),
    seed: Number(draft.seed),
  };
}
