import assert from "node:assert/strict";

import { test } from "vitest";

import { flowOf, pointOnCurve, sense } from "../src/network/flow.ts";
import { layoutNetwork, TILE, walkingOrder } from "../src/network/layout.ts";
import { both, found, pathsThrough, withoutWeak } from "../src/network/selection.ts";
import { nextPlace } from "../src/network/walk.ts";
import { network } from "./networks.js";

const names = (set) => [...set].sort();

function assertNothingOverlaps(layout) {
  for (const [index, one] of layout.edges.entries())
    for (const other of layout.edges.slice(index + 1))
      assert.ok(
        Math.abs(one.x - other.x) >= TILE.width || Math.abs(one.y - other.y) >= TILE.height,
        `${one.edge} lies on ${other.edge}`,
      );
}

test("no two tiles overlap, in columns and in grids", () => {
  for (const shape of [[1, 1], [6, 1], [4, 3, 1], [30, 17, 1], [2, 3, 3, 2], [60, 1]]) assertNothingOverlaps(layoutNetwork(network(shape)));
});

test("a dense layer becomes a grid: a row for each source, a column for each target", () => {
  const layout = layoutNetwork(network([30, 17, 1]));
  const first = layout.edges.filter((edge) => edge.layer === 0);
  assert.equal(new Set(first.map((edge) => edge.y)).size, 30);
  assert.equal(new Set(first.map((edge) => edge.x)).size, 17);
  for (const edge of first) assert.equal(edge.y, edge.from.y);
});

test("a network that lost every edge still has its outputs", () => {
  const layout = layoutNetwork(network([3, 2, 1], []));
  assert.deepEqual([layout.edges.length, layout.nodes.map((node) => node.name)], [0, ["y0"]]);
  assert.ok(Number.isFinite(layout.height) && layout.height > 0);
});

test("the walking order is that of reading: layer by layer, from top to bottom", () => {
  const order = walkingOrder(network([3, 2, 1])).map((edge) => edge.layer);
  assert.deepEqual(order, [...order].sort());
});

test("arrows reach every edge and every node, and come back", () => {
  for (const shape of [[5, 1], [4, 3, 1], [12, 6, 1]]) {
    const layout = layoutNetwork(network(shape));
    const seen = new Set();
    const waiting = [layout.edges[0].edge];
    while (waiting.length > 0) {
      const place = waiting.pop();
      if (seen.has(place)) continue;
      seen.add(place);
      for (const key of ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"]) {
        const next = nextPlace(layout, place, key);
        if (next) waiting.push(next);
      }
    }
    assert.equal(seen.size, layout.edges.length + layout.nodes.length);
  }
});

test("Home and End go to the ends of a column, other keys nowhere", () => {
  const layout = layoutNetwork(network([5, 1]));
  const order = [...layout.edges].sort((a, b) => a.y - b.y).map((edge) => edge.edge);
  assert.equal(nextPlace(layout, order[2], "Home"), order[0]);
  assert.equal(nextPlace(layout, order[2], "End"), order[4]);
  assert.equal(nextPlace(layout, order[0], "ArrowUp"), null);
  assert.equal(nextPlace(layout, order[0], "x"), null);
  assert.equal(nextPlace(layout, "9.9.9", "ArrowUp"), null);
});

test("weak edges are hidden by their share of the strongest", () => {
  const whole = network([5, 1]);
  assert.equal(withoutWeak(whole, 0), whole);
  assert.deepEqual(withoutWeak(whole, 0.5).edges.map((edge) => edge.source), ["x0", "x1"]);
  assert.equal(withoutWeak(whole, 1).edges.length, 1);
});

test("a search finds names, edges and forms, all words of it, in any case", () => {
  const whole = network([3, 2, 1]);
  assert.deepEqual(names(found(whole, "X1")), ["0.1.0", "0.1.1"]);
  assert.deepEqual(names(found(whole, "x1 h1.1")), ["0.1.1"]);
  assert.equal(found(whole, "spline").size, 8);
  assert.equal(found(whole, "nothing").size, 0);
});

test("paths through an edge or a node go to the inputs and to the outputs", () => {
  const whole = network([2, 2, 2, 1]);
  assert.deepEqual(names(pathsThrough(whole, "1.0.1")), ["0.0.0", "0.1.0", "1.0.1", "2.1.0"]);
  assert.deepEqual(names(pathsThrough(whole, "0.1")), ["0.1.0", "0.1.1", "1.0.0", "1.0.1", "1.1.0", "1.1.1", "2.0.0", "2.1.0"]);
  assert.deepEqual(names(pathsThrough(whole, "3.0")).length, whole.edges.length);
  for (const place of ["", "7", "9.9", "0.9.9", "a.b", "1.0.1.2"]) assert.equal(pathsThrough(whole, place), null);
});

test("what stands out in two ways must do so in both", () => {
  assert.equal(both(null, null), null);
  assert.deepEqual(names(both(new Set("ab"), null)), ["a", "b"]);
  assert.deepEqual(names(both(new Set("ab"), new Set("bc"))), ["b"]);
});

const record = (edges) => ({ row: { x0: 3, x1: null, x2: "car" }, prediction: { edges } });

test("a flow knows its largest contribution and the row in words", () => {
  const flow = flowOf(record([{ edge: "0.0.0", contribution: -2 }, { edge: "0.1.0", contribution: 1 }]));
  assert.equal(flow.largest, 2);
  assert.deepEqual([...flow.values.values()], ["3", "missing", "car"]);
  assert.equal(flowOf(record([])).largest, 1);
  assert.equal(flowOf(record([{ edge: "0.0.0", contribution: 0 }])).largest, 1);
  assert.deepEqual([-1, 0, 1].map(sense), ["lowers", "still", "raises"]);
});

test("an input lies on its curve, at the border when it is outside", () => {
  const curve = { x: [0, 0.5, 1], y: [0, 1, 0] };
  assert.deepEqual(pointOnCurve(curve, [10, 20], 12.5), { x: 0.25, y: 0.5 });
  assert.deepEqual(pointOnCurve(curve, [10, 20], 99), { x: 1, y: 0 });
  assert.deepEqual(pointOnCurve(curve, [10, 20], -99), { x: 0, y: 0 });
  for (const [domain, input] of [[null, 1], [[0, 1], "car"], [[0, 1], null], [[1, 1], 1]])
    assert.equal(pointOnCurve(curve, domain, input), null);
  assert.equal(pointOnCurve({ x: [], y: [] }, [0, 1], 0.5), null);
});
