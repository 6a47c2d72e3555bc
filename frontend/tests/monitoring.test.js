import assert from "node:assert/strict";

import { test } from "vitest";

import { stabilityOf } from "../src/monitoring/stability.ts";
import { spanIn, textsIn } from "../src/query_filter.ts";

test("a stability index is read as it is commonly read", () => {
  assert.deepEqual([0, 0.099, 0.1, 0.25, 0.26].map(stabilityOf), ["stable", "stable", "moving", "moving", "changed"]);
});

test("what the address says narrows a list, blanks and other fields do not", () => {
  const query = new URLSearchParams("model=credit&caller=%20&edge=0.0.0&since=2026-01-02");
  assert.deepEqual(textsIn(query, ["model", "caller", "outcome"]), { model: "credit" });
  assert.deepEqual(spanIn(query), { since: new Date(2026, 0, 2).toISOString() });
  assert.deepEqual(spanIn(new URLSearchParams("until=2026-01-31")), { until: new Date(2026, 1, 1).toISOString() });
});
