// The pure parts of forms: what is sent for what was typed.
import assert from "node:assert/strict";

import { test } from "vitest";

import { bytes, plural } from "../src/format.ts";
import { EMPTY, newCondition, selectionOf } from "../src/reference/draft.ts";
import { limitsOf, NO_LIMITS } from "../src/review/limits_fields.tsx";
import { changeCount, schemaChanges, schemaDraftOf, withColumn } from "../src/schema_draft.ts";

const FEATURES = [
  { name: "age", kind: "numeric", unit: "years", monotone: "increasing", protected: false, changeable: true },
  { name: "purpose", kind: "categorical", description: "What for", protected: false, changeable: true },
];
const DATASET = { feature_schema: { target: "default", features: FEATURES } };

test("an untouched schema sends nothing", () => {
  const changes = schemaChanges(DATASET, schemaDraftOf(DATASET));
  assert.deepEqual(changes, { features: {} });
  assert.equal(changeCount(changes), 0);
});

test("only what differs is sent, and what was emptied is taken back by null", () => {
  let draft = withColumn(schemaDraftOf(DATASET), "age", { unit: " ", monotone: "" });
  draft = withColumn({ ...draft, target: "" }, "purpose", { changeable: false, protected: true });
  assert.deepEqual(schemaChanges(DATASET, draft), {
    target: null,
    features: { age: { unit: null, monotone: null }, purpose: { protected: true, changeable: false } },
  });
  assert.equal(withColumn(draft, "nothing", { unit: "m" }), draft);
});

test("conditions without a bound send none, and a gap only where it is ticked", () => {
  const conditions = [
    { ...newCondition("age"), minimum: "18" },
    { ...newCondition("purpose"), categories: ["car"], missing: true },
  ];
  assert.deepEqual(selectionOf({ ...EMPTY, kind: "filter", conditions }, FEATURES), {
    kind: "filter",
    features: {
      age: { minimum: 18, maximum: null, categories: [], missing: false },
      purpose: { minimum: null, maximum: null, categories: ["car"], missing: true },
    },
  });
});

test("an applicant is a typed row with gaps", () => {
  const draft = { ...EMPTY, kind: "single_applicant", applicant: { age: "41", purpose: null } };
  assert.deepEqual(selectionOf(draft, FEATURES), {
    kind: "single_applicant",
    row: { age: 41, purpose: null },
  });
});

test("an approval lasts until its last day has ended by the signer's clock", () => {
  assert.deepEqual(limitsOf(NO_LIMITS), { conditions: "", expires_at: null, maximum_rows: null });
  const limits = limitsOf({ conditions: "second reading", lastDay: "2027-02-28", maximumRows: "5" });
  assert.equal(limits.maximum_rows, 5);
  const end = new Date(limits.expires_at);
  assert.deepEqual([end.getFullYear(), end.getMonth(), end.getDate(), end.getHours()], [2027, 2, 1, 0]);
});

test("sizes and counts are words", () => {
  assert.deepEqual([bytes(0), bytes(999), bytes(1500), bytes(2e9), bytes(5e12)], [
    "0 B",
    "999 B",
    "1.5 kB",
    "2 GB",
    "5,000 GB",
  ]);
  assert.equal(plural(2, "category", "categories"), "2 categories");
});
