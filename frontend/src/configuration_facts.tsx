// The settings of a training, in words.
import type { Direction, TrainingConfiguration } from "./api/types";
import { Facts } from "./components/page";
import { number } from "./format";
import { directionsText, optimizerName } from "./training_words";

interface ConfigurationProps {
  configuration: TrainingConfiguration;
  /** The directions in force, once they are settled. */
  directions?: Readonly<Record<string, Direction>> | undefined;
}

export function ConfigurationFacts({ configuration, directions }: ConfigurationProps) {
  const { inputs, hidden } = configuration;
  const settled = directions ?? configuration.monotone;
  return (
    <Facts
      facts={[
        ["Target", configuration.target ?? "the dataset's target"],
        ["Positive outcome", configuration.positive_class ?? "the last in order"],
        ["Inputs", inputs ? inputs.join(", ") : "all usable columns"],
        ["Hidden layers", hidden.length > 0 ? hidden.join(", ") : "none (additive model)"],
        ["Spline", `${configuration.grid_size} intervals of degree ${configuration.degree}`],
        ["Directions", settled ? directionsText(settled) : "as in the dataset"],
        ["Optimiser", optimizerName(configuration.optimizer)],
        ["Most steps per stage", configuration.steps ?? "the optimiser's own number"],
        ["Simplification", `may cost ${number(100 * configuration.tolerance)} % of what is explained`],
        ["Most edges", configuration.maximum_edges ?? "no limit"],
        [
          "Symbolic forms",
          configuration.symbolify
            ? `may cost ${number(100 * configuration.formula_tolerance)} % of what is explained`
            : "not searched for",
        ],
        ["Held-out share", `${Math.round(configuration.test_fraction * 100)} %`],
        ["Seed", configuration.seed],
      ]}
    />
  );
}
