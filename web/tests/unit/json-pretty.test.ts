// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { prettyJson } from "../../src/lib/json-pretty";

test("keeps short steps in one line and spreads the rest", () => {
  const text = prettyJson({
    schema: 1,
    workload: { actors: [{ name: "echo", steps: [{ io_us: 16 }, { python_us: 6 }] }] },
    runtimes: ["a".repeat(40), "b".repeat(40)],
    empty: {},
  });
  assert.ok(text.includes('{ "name": "echo", "steps": [{ "io_us": 16 }, { "python_us": 6 }] }'));
  assert.ok(text.includes(`"runtimes": [\n    "${"a".repeat(40)}",\n`));
  assert.ok(text.startsWith('{\n  "schema": 1,'));
});

test("says the same as the value it was given", () => {
  const values = [1, "x", null, [], {}, [[], [1, [2]]], { a: { b: [true, { c: "\u0105\n" }] } }];
  for (const value of values) assert.deepEqual(JSON.parse(prettyJson(value)), value);
});
