// The pure parts of a side by side: what changed in an edge, where curves part, and the way through what changed.
import assert from "node:assert/strict";

import { test } from "vitest";

import { changesOf, farthest } from "../src/beside/changes.ts";
import { nextEdge } from "../src/beside/walk.ts";
import { walkingOrder } from "../src/network/layout.ts";
import { network } from "./networks.js";

const OVERLAY = {
  form_before: "spline",
  form_after: "symbolic",
  text_before: "spline of x",
  text_after: "2 * x",
  spread_before: 0.5,
  spread_after: 0.4,
  before: [0, 1, 2],
  after: [0, 1.5, -1],
};
const detail = (changes) => ({ domain: [0, 1], grid_size: 5, value_when_missing: null, ...changes });

test("only what is not the same is told, with how far the spread has moved", () => {
  assert.deepEqual(changesOf(OVERLAY, detail({}), detail({ grid_size: null })), [
    { what: "Form", before: "spline", after: "symbolic" },
    { what: "Formula", before: "spline of x", after: "2 * x" },
    { what: "Contribution spread", before: "0.5", after: "0.4 (−20 %)" },
    { what: "Spline intervals", before: "5", after: "–" },
  ]);
});

test("an edge that is new has no facts of before to set against", () => {
  const added = { ...OVERLAY, form_before: "zero", spread_before: 0 };
  const rows = changesOf(added, null, detail({})).map((row) => row.what);
  assert.deepEqual(rows, ["Form", "Formula", "Contribution spread"]);
  assert.equal(changesOf(added, null, detail({})).at(-1).after, "0.4");
});

test("the place where two curves are farthest apart is found with its sign, and none where they are the same", () => {
  assert.deepEqual(farthest(OVERLAY), { index: 2, difference: -3 });
  assert.equal(farthest({ before: [1, 2], after: [1, 2] }), null);
  assert.equal(farthest({ before: [], after: [] }), null);
});

test("a review walks through all edges that wait, or only through those that changed, and back", () => {
  const whole = network([3, 1]);
  const order = walkingOrder(whole).map((edge) => edge.edge);
  const [first, second, third] = order;
  const review = { edges: order.map((edge) => ({ edge, decision: edge === second ? "accepted" : null })) };
  assert.equal(nextEdge(whole, review, null, 1), first);
  assert.equal(nextEdge(whole, review, first, 1), third, "the second is decided");
  assert.equal(nextEdge(whole, review, third, 1), first, "after the last comes the first again");
  assert.equal(nextEdge(whole, review, first, 1, new Set([second])), second, "decided, and the only one that changed");
  assert.equal(nextEdge(whole, review, null, 1, new Set()), null);
  assert.equal(nextEdge(whole, review, third, -1), second);
  assert.equal(nextEdge(whole, review, first, -1), third);
  assert.equal(nextEdge(whole, review, third, -1, new Set([first])), first);
  assert.equal(nextEdge(whole, review, first, -1, new Set([third])), third);
});
