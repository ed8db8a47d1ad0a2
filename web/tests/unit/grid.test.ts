// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { familiesOf } from "../../src/lib/families";
import {
  compactLabel,
  gridShape,
  lostShare,
  numericAxes,
  seriesOver,
  whiskerOf,
} from "../../src/lib/grid";

test("the grid is the product of runtimes, strategies and the sweep", () => {
  const shape = gridShape({
    runtimes: ["a", { base: "b", switch_interval_us: 1000 }],
    strategies: ["sequential", { threads: 8 }, { asyncio: 100 }],
    sweep: { "/machine/cores": [1, 2, 4], "/seed": [1, 2] },
  });
  assert.equal(shape?.cells, 36);
  assert.equal(shape?.points, 6);
  assert.equal(shape?.runtimes.length, 2);
});

test("a workload of actors has one strategy less to count, not none to multiply", () => {
  assert.equal(gridShape({ runtimes: ["a"], workload: { actors: [] } })?.cells, 1);
  assert.equal(gridShape([]), null);
});

test("labels are one line of text", () => {
  assert.equal(compactLabel({ threads: 8 }), "threads 8");
  assert.equal(
    compactLabel({ processes: 2, each: { asyncio: 50 } }),
    "processes 2 · each asyncio 50",
  );
  assert.equal(compactLabel(null), "");
});

test("an axis needs two different numbers and nothing but numbers", () => {
  const axes = numericAxes([
    { "/a": 1, "/b": 5, "/c": "x", "/d": 1 },
    { "/a": 1, "/b": 2, "/c": "y", "/d": "two" },
    { "/a": 1, "/b": 9, "/c": "z", "/d": 3 },
  ]);
  assert.deepEqual(axes, [{ pointer: "/b", values: [2, 5, 9] }]);
});

test("series differ in what is named, and every cell is in one place", () => {
  const value = (median: number) => ({ median, median_95: null, min: median, max: median });
  const cells = [1, 2].flatMap((cores) =>
    ["threads 8", "asyncio 9"].map((strategy, index) => ({
      runtime: "cpython-3.12",
      strategy,
      point: { "/cores": cores },
      value: cores === 2 && index === 1 ? null : value(cores * 10 + index),
    })),
  );
  const axis = { pointer: "/cores", values: [1, 2] };
  const series = seriesOver(cells, axis, (point) => Object.keys(point));
  assert.deepEqual(
    series.map(({ label }) => label),
    ["threads 8", "asyncio 9"],
  );
  assert.deepEqual(
    series.map(({ points }) => points.map((p) => p?.median ?? null)),
    [
      [10, 20],
      [11, null],
    ],
  );
});

test("a whisker is the interval of the median, where it has a length", () => {
  const spread = { median: 12, min: 1, max: 30 };
  assert.deepEqual(whiskerOf({ ...spread, median_95: [11, 13] }), { low: 11, high: 13 });
  assert.equal(whiskerOf({ ...spread, median_95: [12, 12] }), null);
  assert.equal(whiskerOf({ ...spread, median_95: null }), null);
});

test("of a throughput the missing part is lost, of a time what is too much", () => {
  const factor = 11118 / 6304;
  assert.ok(Math.abs(lostShare(factor, "higher") - (1 - 6304 / 11118)) < 1e-12);
  assert.ok(Math.abs(lostShare(factor, "lower") - 0.7636) < 1e-4);
  assert.equal(lostShare(1, "higher"), 0);
});

test("of the sizes of a pool the best one stands for all, point by point", () => {
  const cell = (strategy: string, value: number, point = {}) => ({ runtime: "cpython-3.12", strategy, point, value });
  const cells = [
    cell("sequential", 9),
    cell("threads(2)", NaN),
    cell("threads(4)", 5),
    cell("threads(8, chunk=2)", 1),
    cell("threads(16)", 3),
    cell("threads(32)", 3),
    cell("threads(2)", 7, { "/machine/cores": 2 }),
    cell("interpreters(2)", NaN),
    cell("interpreters(4)", NaN),
  ];
  const found = familiesOf(cells, ({ value }) => value).map(({ best, sizes }) => [best.strategy, best.value, sizes]);
  assert.deepEqual(found, [
    ["sequential", 9, 1],
    ["threads(16)", 3, 4],
    ["threads(8, chunk=2)", 1, 1],
    ["threads(2)", 7, 1],
    ["interpreters(2)", NaN, 2],
  ]);
});
