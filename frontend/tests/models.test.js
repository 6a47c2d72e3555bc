// The pure parts of the pages of models: places in a lineage, points of a trend, differences of texts, days.
import assert from "node:assert/strict";

import { test } from "vitest";

import { pointsOf, spanOf } from "../src/charts/trend.ts";
import { placesOf } from "../src/lineage_layout.ts";
import { GLOSSARY } from "../src/terms/glossary.ts";
import { differenceOf } from "../src/text_difference.ts";
import { endOfDay, startOfDay, zoneName } from "../src/time.ts";

const node = (number) => ({ number });
const edge = (parent, child) => ({ parent, child });

test("children stand right of their parent, each in a row of its own", () => {
  const places = placesOf({ nodes: [4, 3, 2, 1].map(node), edges: [edge(1, 2), edge(1, 4), edge(2, 3)] });
  assert.deepEqual(
    places.map(({ number, column, row }) => [number, column, row]),
    [
      [1, 0, 0],
      [2, 1, 1],
      [3, 2, 2],
      [4, 1, 3],
    ],
  );
});

test("a version whose parent is gone begins anew, and none is an empty picture", () => {
  assert.deepEqual(placesOf({ nodes: [node(7)], edges: [edge(6, 7)] }), [{ number: 7, column: 0, row: 0 }]);
  assert.deepEqual(placesOf({ nodes: [], edges: [] }), []);
});

test("a trend goes from the oldest version on and leaves out what was not measured", () => {
  const metric = (value, interval = {}) => [{ name: "auc", value, rows: 10, better: "higher", ...interval }];
  const versions = [
    { number: 2, metrics: metric(0.8, { lower: 0.7, upper: 0.9 }), split: { test_rows_digest: "a" } },
    { number: 1, metrics: metric(0.75), split: { test_rows_digest: "a" } },
    { number: 3, metrics: [], split: { test_rows_digest: "b" } },
  ];
  const points = pointsOf(versions, "auc");
  assert.deepEqual(
    points.map(({ version, lower, upper }) => [version, lower, upper]),
    [
      [1, null, null],
      [2, 0.7, 0.9],
    ],
  );
  const { low, high } = spanOf(points);
  assert.ok(low < 0.7 && high > 0.9);
  assert.ok(spanOf(points.slice(0, 1)).high > spanOf(points.slice(0, 1)).low);
});

test("the pieces of a difference give both texts back", () => {
  const pairs = [
    ["2 sin(age) + 3.5", "2 cos(age) + 3.25 + b"],
    ["", "a"],
    ["a", ""],
    ["same", "same"],
    ["x ".repeat(2000), "y"],
  ];
  for (const [before, after] of pairs) {
    const pieces = differenceOf(before, after);
    const without = (kind) =>
      pieces
        .filter((piece) => piece.kind !== kind)
        .map(({ text }) => text)
        .join("");
    assert.equal(without("new"), before);
    assert.equal(without("gone"), after);
  }
});

test("a difference keeps what both have and names whole numbers and words", () => {
  assert.deepEqual(
    differenceOf("2 sin(age)", "2 cos(age)").map(({ kind, text }) => `${kind} ${text}`),
    ["same 2 ", "gone sin", "new cos", "same (age)"],
  );
});

test("a day ends where the next one begins, by the reader's clock", () => {
  assert.equal(endOfDay("2026-12-31").getTime(), startOfDay("2027-01-01").getTime());
  assert.equal(startOfDay("2026-11-30").getHours(), 0);
  const clock = (offset) => ({ getTimezoneOffset: () => offset });
  assert.deepEqual([clock(0), clock(-120), clock(210)].map(zoneName), ["UTC", "UTC+02:00", "UTC−03:30"]);
});

test("the glossary is in order and says each word in a sentence", () => {
  const names = Object.keys(GLOSSARY);
  assert.deepEqual(names, [...names].sort());
  for (const [name, meaning] of Object.entries(GLOSSARY)) assert.match(meaning, /^[A-Z].*\.$/, name);
});
