// What a population stability index means, by the common reading of it.
export type Stability = "stable" | "moving" | "changed";

const MOVING = 0.1;
const CHANGED = 0.25;

export function stabilityOf(psi: number): Stability {
  if (psi < MOVING) return "stable";
  return psi > CHANGED ? "changed" : "moving";
}
