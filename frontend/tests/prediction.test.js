// The pure parts of trying values: bars that add up, rows in addresses, scales of sliders.
import assert from "node:assert/strict";

import { test } from "vitest";

import { intervalText } from "../src/prediction/interval.ts";
import { hashOf, rowOf } from "../src/prediction/row_hash.ts";
import { scaleOf } from "../src/prediction/scale.ts";
import { differences, ranked, shares, steps } from "../src/prediction/shares.ts";

const explained = (...parts) => ({
  features: parts.map(([feature, value, contribution]) => ({ feature, value, contribution, standard_error: 0 })),
});
const ONE = explained(["age", 41, 0.5], ["purpose", "car", -0.75], ["income", null, 0]);
const OTHER = explained(["age", 20, -0.25], ["purpose", "car", -0.75], ["income", 5, 0.125]);

test("differences of contributions sum to the difference of the outputs", () => {
  const parts = differences(ONE, OTHER);
  const total = parts.reduce((sum, { contribution }) => sum + contribution, 0);
  assert.equal(total, 0.5 - 0.75 - (-0.25 - 0.75 + 0.125));
  assert.deepEqual(parts[0], { feature: "age", value: 41, other: 20, contribution: 0.75 });
});

test("the largest part comes first and what adds nothing is counted apart", () => {
  const { shown, silent } = ranked(shares(ONE));
  assert.deepEqual(
    shown.map(({ feature }) => feature),
    ["purpose", "age"],
  );
  assert.deepEqual(silent, ["income"]);
});

test("each bar begins where the one before it ended and all stay inside", () => {
  const bars = steps(shares(ONE), -1);
  assert.equal(bars[1].from, bars[0].to);
  for (const { from, to } of bars) assert.ok(from >= 0 && from <= 1 && to >= 0 && to <= 1);
  assert.deepEqual(steps([{ feature: "a", value: 1, contribution: 0 }], 3)[0].from, 0);
});

test("a row comes back from the fragment, gaps and odd names included", () => {
  const start = { age: "41", "a & b=c": "x", income: "5", "": null };
  const now = { ...start, "a & b=c": "ä#?", income: null, "": "0" };
  const hash = hashOf(start, now);
  assert.ok(hash.startsWith("#"));
  assert.deepEqual(rowOf(start, hash), now);
  assert.equal(hashOf(start, start), "");
  assert.deepEqual(rowOf(start, "#unknown=1"), start);
});

test("a scale has round ends that hold the trained range and at most 251 marks", () => {
  for (const [minimum, maximum] of [
    [8000, 250000],
    [0, 0.899],
    [-3.3e-7, 4.1e-7],
    [6.981, 28.11],
    [0, 3],
  ]) {
    const scale = scaleOf({ minimum, maximum });
    assert.ok(scale.minimum <= minimum && scale.maximum >= maximum);
    assert.ok((scale.maximum - scale.minimum) / scale.step <= 252);
  }
  assert.deepEqual(scaleOf({ minimum: 8000, maximum: 250000 }), { minimum: 8000, maximum: 250000, step: 1000 });
  assert.equal(scaleOf({ minimum: 2, maximum: 2 }), null);
  assert.equal(scaleOf({ minimum: null, maximum: null }), null);
});

test("an interval is a sentence, whether it has bounds, one outcome, several or none", () => {
  assert.match(intervalText({ coverage: 0.9, lower: 1, upper: 2.5, outcomes: [] }), /90 %.*between 1 and 2.5/);
  assert.match(intervalText({ coverage: 0.9, outcomes: ["yes"] }), /only yes/);
  assert.match(intervalText({ coverage: 0.9, outcomes: ["no", "yes"] }), /no, yes/);
  assert.match(intervalText({ coverage: 0.9, outcomes: [] }), /no outcome fits/);
});
