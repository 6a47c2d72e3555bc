import assert from "node:assert/strict";

import { test } from "vitest";

import { residualFigure } from "../src/charts/residuals.ts";
import { contradictions, directionFacts } from "../src/network/expectations.ts";
import { network } from "./networks.js";

const fact = (feature, expected, holds, output = "y0") => ({ fact: "monotone", feature, output, expected, holds });

test("edges of a feature that goes against what is expected are found, hidden layers aside", () => {
  const certificates = [fact("x0", "increasing", false), fact("x1", "increasing", true), fact("x2", null, null), fact("h1.0", "increasing", false)];
  const against = contradictions(network([3, 2, 1]), certificates);
  assert.deepEqual([...against.keys()], ["0.0.0", "0.0.1"]);
  assert.equal(contradictions(network([3, 2, 1]), []).size, 0);
});

test("of several facts those that do not hold come first", () => {
  const certificates = [fact("x0", null, null, "a"), fact("x0", "decreasing", true, "b"), fact("x0", "decreasing", false, "c"), { ...fact("x0"), fact: "range" }];
  assert.deepEqual(directionFacts(certificates, "x0").map((one) => one.output), ["c", "b", "a"]);
  assert.deepEqual(directionFacts(certificates, "x9"), []);
});

const curve = { type: "scatter", name: "spline", x: [0, 1, 2], y: [1, 2, 4], line: { width: 3 } };
const candidate = { type: "scatter", name: "exp (R² 0.9)", x: [0, 1, 2], y: [1.5, null, 3], line: { width: 2, dash: "dot" } };
const density = { type: "bar", name: "rows", x: [0], y: [5] };

test("residuals are candidate minus curve, gaps where a candidate has no value, the density stays", () => {
  const figure = { data: [curve, candidate, density], layout: { yaxis: { domain: [0.2, 1] }, shapes: [1] } };
  const found = residualFigure(figure);
  assert.deepEqual(found.data.map((trace) => trace.name), ["exp (R² 0.9)", "rows"]);
  assert.deepEqual(found.data[0].y, [0.5, null, -1]);
  assert.deepEqual(found.layout.yaxis, { domain: [0.2, 1], title: { text: "candidate − curve" } });
  assert.deepEqual(found.layout.shapes, [1]);
});

test("an edge without candidates, or a table, has no residuals", () => {
  assert.equal(residualFigure({ data: [curve, density], layout: {} }), null);
  assert.equal(residualFigure({ data: [density], layout: {} }), null);
});
