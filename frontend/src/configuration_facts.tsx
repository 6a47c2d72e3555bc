// The settings of a training, in words.
import type { Direction, TrainingConfiguration } from "./api/types";
import { Facts } from "./components/page";
import { number } from "./format";
import { t } from "./messages";
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
        [t("Target"), configuration.target ?? t("the dataset's target")],
        [t("Positive outcome"), configuration.positive_class ?? t("the last in order")],
        [t("Inputs"), inputs ? inputs.join(", ") : t("all usable columns")],
        [t("Hidden layers"), hidden.length > 0 ? hidden.join(", ") : t("none (additive model)")],
        [t("Spline"), t("{0} intervals of degree {1}", configuration.grid_size, configuration.degree)],
        [t("Directions"), settled ? directionsText(settled) : t("as in the dataset")],
        [t("Optimiser"), optimizerName(configuration.optimizer)],
        [t("Most steps per stage"), configuration.steps ?? t("the optimiser's own number")],
        [t("Simplification"), t("may cost {0} % of what is explained", number(100 * configuration.tolerance))],
        [t("Most edges"), configuration.maximum_edges ?? t("no limit")],
        [
          t("Symbolic forms"),
          configuration.symbolify
            ? t("may cost {0} % of what is explained", number(100 * configuration.formula_tolerance))
            : t("not searched for"),
        ],
        [t("Held-out share"), `${Math.round(configuration.test_fraction * 100)} %`],
        [t("Seed"), configuration.seed],
      ]}
    />
  );
}
