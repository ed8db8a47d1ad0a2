// SPDX-License-Identifier: MIT
// Cells that were cut: which of their figures mean something, who cut them, and what was done.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cell } from "../../src/api";
import { isUnfinished, jobsDone, jobsOf, stoppedAfter } from "../../src/lib/unfinished";

const EVENTS = "stopped at the limit of 500000 transitions";

function cell(status: Cell["status"], reason: string | null, metrics: Record<string, number> = {}, point = {}): Cell {
  const spread = (median: number) => ({ n: 1, median, median_95: null, mean: median, mean_95: null, min: median, max: median });
  const all = Object.entries(metrics).map(([name, value]) => [name, spread(value)] as const);
  return { id: "c1", index: 0, runtime: "a", strategy: "b", point, status, reason, metrics: Object.fromEntries(all) };
}

test("a cell that was stopped after so many events has no figure of the whole", () => {
  assert.ok(isUnfinished(cell("limited", EVENTS), "makespan_us"));
  assert.ok(isUnfinished(cell("limited", EVENTS), "throughput_per_s"));
  assert.ok(!isUnfinished(cell("done", null), "makespan_us"));
  assert.ok(!isUnfinished(cell("done", "unstable: jobs arrive faster than they are done; 3 were waiting at the end, latency grew by 1 s per second"), "latency_p99_us"));
});

test("what runs for a given time, or for ever, has rates but no end", () => {
  for (const reason of ["stopped at the limit of 2 s of virtual time", "stopped because the program runs for ever"]) {
    assert.ok(!isUnfinished(cell("limited", reason), "throughput_per_s"), reason);
    assert.ok(isUnfinished(cell("limited", reason), "makespan_us"), reason);
  }
});

test("whether the preview stopped it, or the document's own limit", () => {
  assert.equal(stoppedAfter(cell("limited", EVENTS), {}), 500000);
  assert.equal(stoppedAfter(cell("limited", EVENTS), { limits: { events: 9e6 } }), 500000);
  assert.equal(stoppedAfter(cell("limited", EVENTS), { limits: { events: 500000 } }), null);
  assert.equal(stoppedAfter(cell("limited", "stopped at the limit of 2 s of virtual time"), {}), null);
});

test("how many jobs were done until then, and of how many", () => {
  assert.equal(jobsDone(cell("limited", EVENTS, { throughput_per_s: 250, makespan_us: 2_000_000 })), 500);
  assert.equal(jobsDone(cell("limited", EVENTS, { makespan_us: 2_000_000 })), 0);
  const document = { workload: { jobs: { count: 7, steps: [] } } };
  assert.equal(jobsOf(cell("limited", EVENTS), document), 7);
  assert.equal(jobsOf(cell("limited", EVENTS, {}, { "/workload/jobs/count": 9 }), document), 9);
  assert.equal(jobsOf(cell("limited", EVENTS), { workload: { jobs: { arrivals: {} } } }), null);
  assert.equal(jobsOf(cell("limited", EVENTS), { workload: { actors: [] } }), "none");
});
