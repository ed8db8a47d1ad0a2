// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { barsOf, type Histogram, quantile } from "../../src/lib/histogram";

function histogram(pairs: readonly (readonly [number, number])[]): Histogram {
  const upper = pairs.map(([value]) => value);
  const counts = pairs.map(([, count]) => count);
  const count = counts.reduce((sum, n) => sum + n, 0);
  const [min = 0, max = 0] = [Math.min(...upper), Math.max(...upper)];
  return { name: "latency", unit: "us", meaning: null, count, min, max, upper, counts };
}

test("bars are decades on a logarithmic axis, and nothing is lost", () => {
  const bars = barsOf(histogram([[1, 5], [5, 2], [50, 3], [99, 1], [1000, 4]]), 3);
  assert.equal(bars.low, 1);
  assert.equal(bars.high, 1000);
  assert.deepEqual(bars.counts, [7, 4, 4]);
});

test("equal values are one bar in the middle of an axis that has a length", () => {
  const bars = barsOf(histogram([[100, 9]]), 9);
  assert.ok(bars.low < 100 && bars.high > 100);
  assert.deepEqual(bars.counts, [0, 0, 0, 0, 9, 0, 0, 0, 0]);
});

test("a value of nothing lies in the first bar", () => {
  const bars = barsOf({ ...histogram([[0, 2], [10, 1]]), min: 0 }, 4);
  assert.deepEqual(bars.counts, [2, 0, 0, 1]);
});

test("quantiles are upper bounds, and never above the longest", () => {
  const some = { ...histogram([[1, 50], [2, 49], [8.05, 1]]), max: 8 };
  assert.equal(quantile(some, 0.5), 1);
  assert.equal(quantile(some, 0.51), 2);
  assert.equal(quantile(some, 0.99), 2);
  assert.equal(quantile(some, 1), 8);
  assert.equal(quantile(some, 0), 1);
});
