// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzzyFind, fuzzyMatch } from "../../src/lib/fuzzy";

const TEXTS = ["Zoom in", "Go to: Runs", "Go to the next span", "Motyw: jasny", "Dwa wątki", "worker 12", "worker 2"];
const found = (query: string): string[] => fuzzyFind(TEXTS, query, (text) => text, 10).map(({ item }) => item);

test("letters in their order match, others do not", () => {
  assert.deepEqual(fuzzyMatch("Zoom in", "zi")?.at, [0, 5]);
  assert.equal(fuzzyMatch("Zoom in", "iz"), null);
  assert.equal(fuzzyMatch("", "a"), null);
  assert.deepEqual(fuzzyMatch("abc", "")?.at, []);
});

test("every place that is told has the letter", () => {
  for (const text of TEXTS) {
    for (const query of ["o", "go", "ork", "1 2", "WĄT", "wat"]) {
      const at = fuzzyMatch(text, query)?.at ?? [];
      assert.ok(at.every((place, index) => index === 0 || place > (at[index - 1] as number)));
      assert.ok(at.every((place) => text[place] !== undefined));
    }
  }
});

test("beginnings of words come first", () => {
  assert.equal(found("gr")[0], "Go to: Runs");
  assert.equal(found("ns")[0], "Go to the next span");
  assert.equal(found("w2")[0], "worker 2");
  assert.deepEqual(found("worker 1"), ["worker 12"]);
});

test("accents need not be typed, and are matched when they are", () => {
  assert.deepEqual(found("watki"), ["Dwa wątki"]);
  assert.deepEqual(found("wątki"), ["Dwa wątki"]);
});

test("nothing typed keeps the order", () => {
  assert.deepEqual(found(" "), TEXTS);
  assert.equal(fuzzyFind(TEXTS, "", (text) => text, 2).length, 2);
});
