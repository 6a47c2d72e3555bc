// The words of a training as people read them.
import type { Direction } from "./api/types";
import { t } from "./messages";

const OPTIMIZERS: Record<string, string> = {
  auto: t("Automatic"),
  gauss_newton: t("Gauss–Newton (second order)"),
  adam: t("Adam"),
  lbfgs: "L-BFGS",
};

/** The name of an optimiser. */
export function optimizerName(optimizer: string): string {
  return OPTIMIZERS[optimizer] ?? optimizer;
}

/** How the prediction moves with an input. */
export function directionName(direction: Direction): string {
  return direction === "increasing" ? "rises" : "falls";
}

/** "income falls, debt_ratio rises". */
export function directionsText(directions: Readonly<Record<string, Direction>>): string {
  const texts = Object.entries(directions).map(([name, direction]) => `${name} ${directionName(direction)}`);
  return texts.length > 0 ? texts.join(", ") : "none";
}
