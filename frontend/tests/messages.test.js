// The catalogue of texts: complete, in step with the sources, and good for a language of another order of words.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, test } from "vitest";

import { plural, words } from "../src/format.ts";
import { speak, t, tx } from "../src/messages.ts";
import { catalogue, readTexts } from "./texts.js";

afterEach(() => speak({}));

test("no page says what the catalogue does not know", () => {
  assert.deepEqual(readTexts().loose, []);
});

test("the catalogue is that of the sources; `npm run messages` writes it", () => {
  assert.equal(readFileSync(join(import.meta.dirname, "../messages.json"), "utf8"), catalogue());
});

test("the places of every text are numbered from zero without a gap", () => {
  for (const text of readTexts().messages.keys()) {
    const places = [...new Set([...text.matchAll(/\{(\d+)\}/g)].map(([, place]) => Number(place)))].sort((a, b) => a - b);
    assert.deepEqual(places, places.map((_, index) => index), text);
  }
});

test("another language puts values and elements where it wants them, and what it lacks stays English", () => {
  speak({ "{0} of {1}": "von {1} sind es {0}", "{0} edges": "{0} Kanten", "in review": "in Prüfung" });
  assert.equal(t("{0} of {1}", 3, 7), "von 7 sind es 3");
  assert.deepEqual(tx("{0} of {1}", "a", "b"), ["von ", "b", " sind es ", "a", ""]);
  assert.equal(plural(2, "edge"), "2 Kanten");
  assert.equal(plural(1, "edge"), "1 edge");
  assert.equal(words("in_review"), "in Prüfung");
  assert.equal(t("Close"), "Close");
});
