import assert from "node:assert/strict";

import { test } from "vitest";

import { ordered, pointFor, sizesToTry } from "../src/revision/tradeoff.ts";

test("few edges are all tried, many in ever wider steps, always fewer than there are and at least one", () => {
  assert.deepEqual(sizesToTry(1), []);
  assert.deepEqual(sizesToTry(2), [1]);
  assert.deepEqual(sizesToTry(4), [3, 2, 1]);
  for (const active of [7, 40, 527]) {
    const sizes = sizesToTry(active);
    assert.ok(sizes.length <= 8 && sizes[0] === active - 1 && sizes.at(-1) === 1);
    assert.deepEqual(sizes, [...new Set(sizes)].sort((a, b) => b - a));
  }
});

test("points are in order and the last of a number counts", () => {
  const points = [{ edges: 5, loss: 1 }, { edges: 2, loss: 3 }, { edges: 5, loss: 2 }];
  assert.deepEqual(ordered(points), [{ edges: 2, loss: 3 }, { edges: 5, loss: 2 }]);
});

test("a limit is answered by the largest tried network within it", () => {
  const points = [{ edges: 2, loss: 3 }, { edges: 5, loss: 1 }];
  assert.equal(pointFor(points, 4).edges, 2);
  assert.equal(pointFor(points, 9).edges, 5);
  assert.equal(pointFor(points, 1), null);
  assert.equal(pointFor([], 4), null);
});
