// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { PLAIN } from "../../src/lib/arrangement";
import { formatRoute, parseRoute, PLAIN_GRID, type Route, wholeRun } from "../../src/lib/route";

test("every view survives the way into the URL and back", () => {
  const views: Route[] = [
    { page: "ask", preset: null, experiment: null },
    { page: "ask", preset: "echo-convoy", experiment: null },
    { page: "ask", preset: null, experiment: "e12" },
    { page: "runs", name: "", statuses: [], order: "newest" },
    { page: "runs", name: "a & b", statuses: ["done", "failed"], order: "name" },
    { page: "api", place: null },
    { page: "api", place: "get_run" },
    { page: "experiment", id: "e12", ...PLAIN_GRID, metric: "latency_p99_us", isSorted: true, isWhole: true },
    { page: "experiment", id: "e12", ...PLAIN_GRID, axis: "/machine/cores", scale: "log", curves: "cores" },
    { page: "experiment", id: "a/b ?", ...PLAIN_GRID },
    { ...wholeRun("r45"), from: 20, to: 60_000_000_000, lane: 0, at: 30 },
    { ...wholeRun("r45"), counter: { lane: 7, name: "gil_waiters" }, at: 30 },
    { ...wholeRun("r45"), from: 1, to: 90, range: { from: 3, to: 60_000_000_000 } },
    { ...wholeRun("r45"), find: { name: "worker 1", state: "wait_gil", least: 1_000_000 } },
    { ...wholeRun("r45"), find: { name: "", state: "", least: 5 } },
    { ...wholeRun("r45"), arrangement: { ...PLAIN, pin: [3], fold: ["cores"], lanes: "a b" } },
    wholeRun("r45"),
  ];
  for (const view of views) assert.deepEqual(parseRoute(formatRoute(view)), view);
});

test("an empty hash is the first page", () => {
  for (const hash of ["", "#", "#/"]) assert.equal(parseRoute(hash).page, "ask");
});

test("nonsense is not found, nonsense numbers are ignored", () => {
  for (const hash of ["#/nowhere", "#/runs", "#/runs/r1/more", "#/experiments/%zz"]) {
    assert.equal(parseRoute(hash).page, "not-found", hash);
  }
  const route = parseRoute("#/runs/r1?from=-5&to=1e9&lane=x&counter=gil_waiters&range=9-3");
  assert.deepEqual(route, wholeRun("r1"));
});
