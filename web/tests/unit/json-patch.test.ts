// SPDX-License-Identifier: MIT

import assert from "node:assert/strict";
import { test } from "node:test";
import { applyPatch } from "../../src/lib/json-patch";

test("operations apply in order, to a copy", () => {
  const document = { a: { "b/c": [1, 2, 3] }, gone: 1, old: "x" };
  const patched = applyPatch(document, [
    { op: "replace", path: "/a/b~1c/1", value: 20 },
    { op: "add", path: "/a/b~1c/0", value: 0 },
    { op: "add", path: "/a/b~1c/-", value: 4 },
    { op: "remove", path: "/gone" },
    { op: "move", from: "/old", path: "/new" },
    { op: "add", path: "/a/more", value: { deep: true } },
    { op: "remove", path: "/a/b~1c/2" },
  ]);
  assert.deepEqual(patched, { a: { "b/c": [0, 1, 3, 4], more: { deep: true } }, new: "x" });
  assert.deepEqual(document, { a: { "b/c": [1, 2, 3] }, gone: 1, old: "x" });
});

test("a pointer to nothing is an error", () => {
  assert.throws(() => applyPatch({}, [{ op: "replace", path: "/a/b", value: 1 }]), /nothing at/);
});
