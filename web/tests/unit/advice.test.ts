// SPDX-License-Identifier: MIT

import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { Cell, Recommendation, Recommended } from "../../src/api";
import { answerWith, installBrowser } from "./browser-stub";

let words: typeof import("../../src/views/advice-words");
let cells: typeof import("../../src/state/cells");

before(async () => {
  installBrowser();
  words = await import("../../src/views/advice-words");
  cells = await import("../../src/state/cells");
  const { metrics } = await import("../../src/state/catalogue");
  const items = [
    { name: "makespan_us", unit: "us", meaning: "", better: "lower" },
    { name: "throughput_per_s", unit: "1/s", meaning: "", better: "higher" },
  ];
  answerWith(() => ({ status: 200, body: { items } }));
  await metrics.reload();
  await (await import("../../src/state/preferences")).chooseLanguage("en");
});

function one(cell: string, more: Partial<Recommended> = {}): Recommended {
  return {
    cell,
    runtime: "cpython-3.12",
    strategy: `threads(${cell.slice(1)})`,
    value: 1e6,
    memory_bytes: null,
    loss: 1,
    loss_95: null,
    limit: "gil",
    spread_95: null,
    range: null,
    range_by: null,
    model: { of: null, rows: 0, median: null, p90: null, nearest: [], outside: [] },
    loss_error: null,
    told_apart: true,
    ...more,
  };
}

function item(verdict: Recommendation["verdict"], more: Partial<Recommendation>): Recommendation {
  const best = one("c8");
  return { point: {}, verdict, cells: 3, best, runner_up: null, first: best, smaller: null, larger: null, leaner: null, metrics: [], ...more };
}

const near = { told_apart: false, loss_error: Math.log(1.26), loss: 1.1 };

test("a tie is with the next best, when the model cannot tell them apart", () => {
  const next = one("c4", near);
  assert.equal(words.tieOf(item("change", { runner_up: next, first: one("c1") })), next);
  assert.equal(words.tieOf(item("change", { runner_up: one("c4"), first: one("c1") })), null);
  assert.equal(words.tieOf(item("alone", {})), null);
  const said = words.tieWords(item("is_best", { runner_up: next }), "makespan_us") ?? "";
  assert.match(said, /^A tie with 4 threads on CPython 3\.12, 1\ss: the model may be wrong by 26\s%/);
});

test("who stays because nothing is certain is told the best, with which it is a tie", () => {
  const unsure = item("unsure", { first: one("c1", near), runner_up: one("c4", near) });
  assert.equal(words.tieOf(unsure)?.cell, "c8");
  assert.match(words.tieWords(unsure, "makespan_us") ?? "", /^A tie with 8 threads .* 26\s%/);
  assert.equal(words.tieOf(item("stay", { first: one("c1", near) })), null);
});

function cell(id: string, status: Cell["status"], median: number | null, n = 3): Cell {
  const spread = (value: number) => ({ n, median: value, median_95: null, min: value, max: value });
  const metrics = median === null ? {} : { throughput_per_s: spread(median), makespan_us: spread(1 / median), cpu_us: { ...spread(1), n: 3 } };
  return { id, index: 0, status, metrics, point: {} } as unknown as Cell;
}

test("the leader is the best of the cells that are done, whichever way its metric runs", () => {
  const all = [cell("a", "done", 5), cell("b", "running", 9), cell("c", "done", 7), cell("d", "done", null), cell("e", "done", 7)];
  assert.equal(cells.leaderOf(all, "throughput_per_s")?.id, "c");
  assert.equal(cells.leaderOf(all, "makespan_us")?.id, "c");
  assert.equal(cells.leaderOf([cell("a", "running", 5)], "makespan_us"), null);
  assert.equal(cells.leaderOf([...all, cell("f", "done", 99, 2)], "throughput_per_s")?.id, "c", "a figure of some runs only");
});
