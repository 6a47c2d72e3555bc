// The order in which a review goes from edge to edge: through all of them, or only through what changed.
import type { Network, Review } from "../api/types";
import { walkingOrder } from "../network/layout";

type Decided = Pick<Review, "edges">;

/** Forwards the next edge without a decision, else simply the next one; backwards the one before. */
export function nextEdge(
  network: Network,
  review: Decided,
  selected: string | null,
  step: 1 | -1,
  only: ReadonlySet<string> | null = null,
): string | null {
  const whole = walkingOrder(network).map((edge) => edge.edge);
  const isStop = (edge: string): boolean => !only || only.has(edge);
  const position = selected === null ? -1 : whole.indexOf(selected);
  const before = [...whole.slice(0, Math.max(position, 0)).reverse(), ...whole.slice(Math.max(position, 0)).reverse()];
  if (step === -1) return before.find(isStop) ?? null;
  const ahead = [...whole.slice(position + 1), ...whole.slice(0, position + 1)].filter(isStop);
  const undecided = new Set(review.edges.filter((edge) => edge.decision === null).map((edge) => edge.edge));
  return ahead.find((edge) => undecided.has(edge)) ?? ahead[0] ?? null;
}
