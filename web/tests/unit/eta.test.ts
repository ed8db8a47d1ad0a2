// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { shareDone, shareOfRun, timeLeft } from "../../src/lib/eta";

test("an experiment is as far as its runs are, as soon as their number is known", () => {
  assert.equal(shareDone({ cells: 2, cells_done: 0, runs: 100, runs_done: 25 }), 0.25);
  assert.equal(shareDone({ cells: 4, cells_done: 1, runs_done: 3 }), 0.25);
  assert.equal(shareDone({ cells: 0, cells_done: 0 }), 0);
  assert.equal(shareDone({ cells: 2, cells_done: 2, runs: 0, runs_done: 0 }), 1);
});

test("what is left takes as long as what was seen took", () => {
  assert.equal(timeLeft({ at: 1000, done: 0.2 }, { at: 3000, done: 0.6 }, 1), 2000);
  assert.equal(timeLeft({ at: 1000, done: 0.2 }, { at: 1100, done: 0.6 }, 1), null);
  assert.equal(timeLeft({ at: 1000, done: 0.2 }, { at: 9000, done: 0.2 }, 1), null);
});

test("a run that goes on is done as far as its jobs are, or the time in which they arrive", () => {
  const now = { units: 25, duration_ns: 2e9 };
  const jobs = { workload: { jobs: { count: 100 } } };
  assert.equal(shareOfRun(now, jobs, {}), 0.25);
  assert.equal(shareOfRun(now, jobs, { "/workload/jobs/count": 50 }), 0.5);
  assert.equal(shareOfRun({ ...now, units: 200 }, jobs, {}), 1);
  assert.equal(shareOfRun(now, { workload: { jobs: { arrivals: { for_s: 8 } } } }, {}), 0.25);
  assert.equal(shareOfRun(now, { workload: { actors: [] } }, {}), null);
});

test("a single run is done as far as what goes on of it", () => {
  assert.equal(shareDone({ cells: 1, cells_done: 0, runs: 1, runs_done: 0, begun: 0.25 }), 0.25);
  assert.equal(shareDone({ cells: 2, cells_done: 0, runs: 4, runs_done: 1, begun: 0.5 }), 0.375);
});
