// The settings of a training, in words.
import type { TrainingConfiguration } from "./api/types";
import { Facts } from "./components/page";

export function ConfigurationFacts({ configuration }: { configuration: TrainingConfiguration }) {
  const { inputs, hidden } = configuration;
  return (
    <Facts
      facts={[
        ["Target", configuration.target ?? "the dataset's target"],
        ["Positive outcome", configuration.positive_class ?? "the last in order"],
        ["Inputs", inputs ? inputs.join(", ") : "all usable columns"],
        ["Hidden layers", hidden.length > 0 ? hidden.join(", ") : "none (additive model)"],
        ["Spline", `${configuration.grid_size} intervals of degree ${configuration.degree}`],
        ["Most steps per stage", configuration.steps],
        ["Sparsity", configuration.sparsity ?? "the engine's own"],
        ["Most edges", configuration.maximum_edges ?? "no limit"],
        [
          "Symbolic forms",
          configuration.symbolify ? `where R² reaches ${configuration.minimum_r2}` : "not searched for",
        ],
        ["Held-out share", `${Math.round(configuration.test_fraction * 100)} %`],
        ["Seed", configuration.seed],
      ]}
    />
  );
}
