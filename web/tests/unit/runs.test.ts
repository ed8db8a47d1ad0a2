// SPDX-License-Identifier: MIT
// The list of experiments, the queue, and removing with a way back.

import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";
import type { ExperimentStatus, ExperimentSummary } from "../../src/api";
import { timeLeft } from "../../src/lib/eta";
import { formatBytes } from "../../src/lib/format";
import { ALL_RUNS } from "../../src/lib/route";
import { answerWith, asked, installBrowser, runTimers, settle, sources } from "./browser-stub";

const KEY = "gilscope.removing";

let runs: typeof import("../../src/state/runs");
let removal: typeof import("../../src/state/removal");
let queue: typeof import("../../src/state/queue");
let undo: typeof import("../../src/state/undo");

before(async () => {
  installBrowser();
  sessionStorage.setItem(KEY, JSON.stringify([{ id: "e90", name: "From before" }]));
  undo = await import("../../src/state/undo");
  removal = await import("../../src/state/removal");
  runs = await import("../../src/state/runs");
  queue = await import("../../src/state/queue");
});

function item(id: string, status: ExperimentStatus = "done"): ExperimentSummary {
  return { id, name: id, status, created_ms: 0, cells: 10, cells_done: 0 };
}

function shown(): string {
  return runs.shownRuns.value.map(({ id }) => id).join(" ");
}

function deleted(): string[] {
  return asked.filter(({ method }) => method === "DELETE").map(({ path }) => path);
}

test("a removal that a reload interrupts is offered for undoing again, not done", async () => {
  assert.notEqual(undo.offer.value, null);
  assert.ok(removal.removed.value.has("e90"));
  assert.deepEqual(deleted(), []);
  undo.undo();
  assert.equal(removal.removed.value.size, 0);
  assert.equal(sessionStorage.getItem(KEY), null);
});

function answerList(...items: ExperimentSummary[]): void {
  answerWith(({ method }) =>
    method === "DELETE"
      ? { status: 204, body: null }
      : { status: 200, body: { items, next: null, bytes: 9, free_bytes: 0, experiments: [] } },
  );
}

/* What was removed never comes back under its id, so that some tests have experiments of their own. */
async function list(...items: ExperimentSummary[]): Promise<void> {
  answerList(...items);
  runs.reloadRuns();
  await settle();
}

beforeEach(async () => {
  if (removal.removed.value.has("e90")) return; /* The first test sees the beginning. */
  undo.undo();
  answerList(item("e2"), item("e1"));
  runs.showRuns(ALL_RUNS);
  runs.reloadRuns();
  await settle();
});

test("what is removed is gone at once, and from the server when the time is over", async () => {
  await list(item("e2"), item("e11"));
  removal.removeSoon({ id: "e11", name: "One" });
  assert.equal(shown(), "e2");
  assert.match(sessionStorage.getItem(KEY) ?? "", /e11/);
  assert.deepEqual(deleted(), []);
  runTimers();
  await settle();
  assert.deepEqual(deleted(), ["/api/v1/experiments/e11"]);
  assert.equal(sessionStorage.getItem(KEY), null);
  assert.equal(shown(), "e2");
  assert.equal(undo.offer.value, null);
});

test("undo brings all of them back and the server hears nothing", async () => {
  removal.removeSoon({ id: "e1", name: "One" });
  removal.removeSoon({ id: "e2", name: "Two" });
  assert.equal(shown(), "");
  undo.undo();
  runTimers();
  await settle();
  assert.deepEqual(deleted(), []);
  assert.equal(shown(), "e2 e1");
});

test("the time stands still while somebody is at the offer", async () => {
  removal.removeSoon({ id: "e12", name: "One" });
  undo.holdTime();
  runTimers();
  await settle();
  assert.deepEqual(deleted(), []);
  undo.letTimeRun();
  runTimers();
  await settle();
  assert.deepEqual(deleted(), ["/api/v1/experiments/e12"]);
});

test("what the server refuses to remove comes back, and is said", async () => {
  answerWith(() => ({ status: 409, body: { title: "Conflict", status: 409 } }), true);
  removal.removeSoon({ id: "e2", name: "Two" });
  undo.dismissOffer();
  assert.equal(shown(), "e1");
  await settle();
  assert.equal(shown(), "e2 e1");
  assert.equal(removal.removalError.value?.name, "Two");
});

test("another question replaces the list, and an old answer does not", async () => {
  runs.showRuns({ ...ALL_RUNS, statuses: ["failed", "done"], order: "name" });
  assert.equal(shown(), "e2 e1", "the old list stays until the answer is there");
  assert.equal(runs.runsStale.value, true);
  answerList(item("e7"));
  runs.showRuns({ ...ALL_RUNS, statuses: ["failed"] });
  await settle();
  assert.equal(shown(), "e7");
  assert.equal(runs.runsStale.value, false);
  assert.match(asked[0]?.path ?? "", /status=failed/);
});

test("typing asks once, when it rests", async () => {
  answerList(item("e7"));
  for (const name of ["c", "co", "con"]) runs.showRuns({ ...ALL_RUNS, name });
  assert.equal(asked.length, 0);
  runTimers();
  await settle();
  assert.equal(asked.length, 1);
  assert.match(asked[0]?.path ?? "", /name=con/);
});

test("the stream moves queue and list, and has them read when the queue changes", async () => {
  answerList(item("e5", "queued"), item("e4", "running"));
  const stop = queue.watchQueue();
  runs.reloadRuns();
  await settle();
  assert.equal(queue.queue.value.map(({ id }) => id).join(" "), "e4 e5", "what runs comes first");
  const source = sources[0];
  assert.ok(source && source.address.endsWith("topics=experiments%2Cqueue"));
  source.emit("queue", { running: 1, waiting: 1 });
  const before = asked.length;
  source.emit("progress", { experiment: "e4", status: "running", cells: 10, cells_done: 4 });
  assert.equal(queue.queue.value[0]?.cells_done, 4);
  assert.equal(queue.queue.value[0]?.share, 0.4);
  source.emit("progress", { experiment: "e4", status: "running", cells: 10, cells_done: 4, runs: 1000, runs_done: 455 });
  assert.equal(queue.queue.value[0]?.share, 0.455, "a cell has many runs");
  assert.equal(runs.shownRuns.value[1]?.cells_done, 4);
  runTimers();
  await settle();
  assert.equal(asked.length, before, "nothing is asked for while the queue stays");
  source.emit("queue", { running: 1, waiting: 2 });
  runTimers();
  await settle();
  assert.equal(asked.length, before + 2);
  source.emit("finished", { experiment: "e4", status: "done" });
  assert.equal(queue.queue.value.map(({ id }) => id).join(" "), "e5");
  assert.equal(runs.shownRuns.value[1]?.status, "done");
  stop();
});

test("time left is what the speed so far says", () => {
  const first = { at: 1000, done: 2 };
  assert.equal(timeLeft(first, { at: 3000, done: 4 }, 10), 6000);
  assert.equal(timeLeft(first, { at: 3000, done: 10 }, 10), 0);
  assert.equal(timeLeft(first, { at: 9000, done: 2 }, 10), null, "nothing was done");
  assert.equal(timeLeft(first, { at: 1100, done: 3 }, 10), null, "too short to tell");
});

test("bytes in the unit that reads best", () => {
  assert.equal(formatBytes(999, "en"), "999\u202fB");
  assert.equal(formatBytes(1234567, "en"), "1.23\u202fMB");
  assert.equal(formatBytes(2.5e9, "pl"), "2,5\u202fGB");
});
