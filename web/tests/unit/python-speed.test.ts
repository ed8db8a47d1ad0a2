// SPDX-License-Identifier: MIT
// In which runtimes a time of Python is another one than it was said to be.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pythonSpeed } from "../../src/lib/python-speed";

const MODELS = [["cpython-3.9", 1.3], ["cpython-3.12", 1], ["cpython-3.13", 1], ["cpython-3.14", 0.97]].map(([name, value]) => ({
  name: String(name),
  parameters: [{ name: "python_cost", value }],
}));

test("times are meant for 3.12, or for the document's reference", () => {
  assert.deepEqual(pythonSpeed({ runtimes: ["cpython-3.14", "cpython-3.12", "cpython-3.13"] }, MODELS), {
    reference: "cpython-3.12",
    runtimes: [{ label: "cpython-3.14", factor: 0.97 }],
  });
  assert.deepEqual(pythonSpeed({ reference: "cpython-3.9", runtimes: ["cpython-3.12"] }, MODELS), {
    reference: "cpython-3.9",
    runtimes: [{ label: "cpython-3.12", factor: 1 / 1.3 }],
  });
});

test("a runtime may have a speed of its own", () => {
  const found = pythonSpeed({ runtimes: [{ base: "cpython-3.12", python_cost: 0.5 }, { base: "cpython-3.12", switch_interval_us: 9 }] }, MODELS);
  assert.deepEqual(found?.runtimes, [{ label: "cpython-3.12 (python_cost=0.5)", factor: 0.5 }]);
});

test("nothing is said where all are alike, or nothing is known", () => {
  assert.equal(pythonSpeed({ runtimes: ["cpython-3.12", "cpython-3.13"] }, MODELS), null);
  assert.equal(pythonSpeed({ runtimes: ["cpython-9"] }, MODELS), null);
  assert.equal(pythonSpeed({ runtimes: ["cpython-3.14"] }, []), null);
  assert.equal(pythonSpeed({ runtimes: ["cpython-3.14"] }, [{ name: "cpython-3.12" }]), null);
  assert.equal(pythonSpeed({ reference: 3, runtimes: "x" }, MODELS), null);
});
