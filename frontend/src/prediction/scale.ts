// The scale of a slider: its ends and a step that people would choose.
import type { Feature } from "../api/types";

export interface Scale {
  readonly minimum: number;
  readonly maximum: number;
  readonly step: number;
}

const MOST_STEPS = 250;

/** Ends on round numbers at or beyond the trained range, in at most 250 steps of 1, 2 or 5 times a power of ten. */
export function scaleOf({ minimum, maximum }: Pick<Feature, "minimum" | "maximum">): Scale | null {
  if (typeof minimum !== "number" || typeof maximum !== "number" || !(maximum > minimum)) return null;
  const step = roundStep((maximum - minimum) / MOST_STEPS);
  return {
    minimum: tidy(Math.floor(minimum / step) * step),
    maximum: tidy(Math.ceil(maximum / step) * step),
    step,
  };
}

function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5, 10].find((one) => one * power >= least * (1 - 1e-9)) ?? 10;
  return tidy(factor * power);
}

/** Without the dust of binary fractions: 0.30000000000000004 is 0.3. */
function tidy(value: number): number {
  return Number(value.toPrecision(12));
}
