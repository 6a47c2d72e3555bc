// Which edges go against what the business expects: facts about directions that were refuted, at the edges of the feature.
import type { Certificate, Network } from "../api/types";

/** What is proved about the direction of one feature, most important first: expected ones, then those that do not hold. */
export function directionFacts(certificates: readonly Certificate[], feature: string): Certificate[] {
  const rank = (one: Certificate): number => (one.expected === null ? 2 : one.holds === false ? 0 : 1);
  return certificates
    .filter((one) => one.fact === "monotone" && one.feature === feature)
    .sort((a, b) => rank(a) - rank(b));
}

/** By edge of the first layer, the fact that its feature contradicts. */
export function contradictions(
  network: Network,
  certificates: readonly Certificate[],
): ReadonlyMap<string, Certificate> {
  const refuted = new Map(
    certificates
      .filter((one) => one.fact === "monotone" && one.expected !== null && one.holds === false)
      .map((one) => [one.feature, one]),
  );
  return new Map(
    network.edges.flatMap((edge) => {
      const fact = edge.layer === 0 ? refuted.get(edge.source) : undefined;
      return fact ? [[edge.edge, fact] as const] : [];
    }),
  );
}
