// Networks for the tests: every edge of neighbouring layers, or the named ones.
const spread = (layer, source, target) => 1 / (1 + layer + source + 2 * target);

export function network(shape, only) {
  const name = (layer, index) => (layer === 0 ? `x${index}` : layer === shape.length - 1 ? `y${index}` : `h${layer}.${index}`);
  const nodes = shape.flatMap((width, layer) =>
    Array.from({ length: width }, (_, index) => ({ id: `${layer}.${index}`, layer, index, name: name(layer, index), unit: null })),
  );
  const all = shape.slice(1).flatMap((width, layer) =>
    Array.from({ length: shape[layer] * width }, (_, place) => [layer, Math.floor(place / width), place % width]),
  );
  const edges = all
    .filter((ends) => !only || only.includes(ends.join(".")))
    .map(([layer, source, target]) => ({
      edge: `${layer}.${source}.${target}`,
      layer,
      source: name(layer, source),
      target: name(layer + 1, target),
      form: "spline",
      spread: spread(layer, source, target),
      r2: null,
      stability: null,
      domain: [0, 1],
      sparkline: { x: [0, 1], y: [0, 1] },
    }));
  return { shape, nodes, edges, edges_before_pruning: all.length, spread_meaning: "", stages: [], agreement: null, parent_agreement: null };
}
