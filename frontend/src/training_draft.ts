// The settings of a training while they are being typed: texts, so that nothing is lost before it is checked.
import type { Dataset, Direction, Feature, Optimizer, TrainingConfiguration } from "./api/types";

export type Directions = Readonly<Record<string, Direction>>;

export interface TrainingDraft {
  readonly target: string;
  readonly positiveClass: string;
  readonly inputs: readonly string[];
  readonly directions: Directions;
  readonly hidden: string;
  readonly gridSize: string;
  readonly degree: string;
  readonly optimizer: Optimizer;
  readonly steps: string;
  readonly tolerance: string;
  readonly maximumEdges: string;
  readonly symbolify: boolean;
  readonly formulaTolerance: string;
  readonly testFraction: string;
  readonly seed: string;
  readonly message: string;
}

/** The defaults of the API's TrainingConfiguration. */
const DEFAULTS: TrainingDraft = {
  target: "",
  positiveClass: "",
  inputs: [],
  directions: {},
  hidden: "",
  gridSize: "10",
  degree: "3",
  optimizer: "auto",
  steps: "",
  tolerance: "0.01",
  maximumEdges: "40",
  symbolify: true,
  formulaTolerance: "0.005",
  testFraction: "0.2",
  seed: "0",
  message: "",
};

/** The first draft for a dataset: its target, every usable input, its directions. */
export function draftFor(dataset: Dataset | undefined): TrainingDraft {
  return { ...DEFAULTS, ...aimedAt(dataset, dataset?.feature_schema.target ?? "") };
}

/** What changes with the target: the inputs, and the directions, which speak about the dataset's own target. */
export function aimedAt(dataset: Dataset | undefined, target: string): Partial<TrainingDraft> {
  const { features = [], target: own = null } = dataset?.feature_schema ?? {};
  const known = own === null || own === target ? features : [];
  const directions = known.flatMap(({ name, monotone }) => (monotone ? [[name, monotone] as const] : []));
  return {
    target,
    positiveClass: "",
    inputs: usableInputs(features, target),
    directions: Object.fromEntries(directions),
  };
}

/** Names of the columns that can be inputs. */
export function usableInputs(features: readonly Feature[], target: string): string[] {
  return features.filter((feature) => isUsable(feature, target)).map((feature) => feature.name);
}

const isUsable = (feature: Feature, target: string): boolean =>
  feature.name !== target &&
  !feature.protected &&
  !feature.identifier &&
  (feature.distinct > 1 || feature.missing > 0);

/** What rises with the one of two outcomes falls with the other. */
export function turned(directions: Directions): Directions {
  return Object.fromEntries(
    Object.entries(directions).map(([name, direction]) => [
      name,
      direction === "increasing" ? "decreasing" : "increasing",
    ]),
  );
}

/** Outcomes of the target, in order; none for a quantity. */
export function outcomesOf(features: readonly Feature[], target: string): string[] {
  const found = features.find((feature) => feature.name === target);
  return found?.categories.map((category) => category.value).sort() ?? [];
}

/** The inputs that can have a direction: numbers, unless there are three outcomes or more. */
export function directed(features: readonly Feature[], draft: TrainingDraft): readonly Feature[] {
  if (outcomesOf(features, draft.target).length > 2) return [];
  return features.filter((feature) => feature.kind === "numeric" && draft.inputs.includes(feature.name));
}

/** What is sent; the form's own number fields keep everything here a number. */
export function configurationOf(draft: TrainingDraft, features: readonly Feature[]): TrainingConfiguration {
  const names = new Set(directed(features, draft).map((feature) => feature.name));
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
    monotone: Object.fromEntries(Object.entries(draft.directions).filter(([name]) => names.has(name))),
    optimizer: draft.optimizer,
    steps: draft.steps === "" ? null : Number(draft.steps),
    tolerance: Number(draft.tolerance),
    maximum_edges: draft.maximumEdges === "" ? null : Number(draft.maximumEdges),
    symbolify: draft.symbolify,
    formula_tolerance: Number(draft.formulaTolerance),
    test_fraction: Number(draft.testFraction),
    seed: Number(draft.seed),
  };
}
