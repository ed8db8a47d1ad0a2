// SPDX-License-Identifier: MIT
// The parts of an event loop as lanes: a loop with one task, which polls from 10 to 40 and 60 to 90.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { PLAIN, readArrangement, writeArrangement } from "../../src/lib/arrangement";
import { decodeTimeline, readSpan } from "../../src/lib/columns";
import { arrangeRows, type Lane, type LaneKind } from "../../src/lib/lanes";
import { isPart, loopParts, partId, recordedId, withLoopParts } from "../../src/lib/loop-parts";
import { wholeRun } from "../../src/lib/route";
import { answerWith, asked, installBrowser, runTimers, settle } from "./browser-stub";

const lane = (id: number, kind: LaneKind, parent: number): Lane => ({
  id,
  kind,
  name: `${kind} ${id}`,
  parent,
  born_ns: 0,
  died_ns: 100,
  totals: { callback: 40 },
});
const LANES = [lane(0, "process", -1), lane(1, "thread", 0), lane(2, "loop", 1), lane(3, "task", 2)];
const STATES = ["callback", "poll", "await_io"];
const INSTANTS = ["drop_request", "late_timer"];
const COUNTERS = ["ready_threads", "ready_handles"];
const POLL = partId(2, "poll");
const READY = partId(2, "ready");
const TIMERS = partId(2, "timers");

function columns(id: number, start: number[], end: number[], state: number[]) {
  const none = start.map(() => -1);
  return { id, start, end, state, resource: none, by: none, site: none, count: start.map(() => 1) };
}

const WIRE = {
  from: 0,
  to: 100,
  pixels: 100,
  lanes: [
    columns(1, [0], [100], [0]),
    columns(2, [0, 10, 40, 60, 90], [10, 40, 60, 90, 100], [0, 1, 0, 1, 0]),
    columns(3, [0], [100], [2]),
  ],
  instants: { lane: [1, 2, 2], at: [5, 41, 42], kind: [1, 0, 1], by: [-1, -1, 3], count: [1, 1, 1] },
  counters: [
    { lane: 0, kind: 0, before: 1, at: [], min: [], max: [], last: [], count: [] },
    { lane: 2, kind: 1, before: 0, at: [40, 60], min: [7, 0], max: [7, 0], last: [7, 0], count: [1, 1] },
  ],
};

const keys = (change: Partial<typeof PLAIN> = {}, folded: string[] = []): (number | string)[] =>
  arrangeRows([...LANES, ...loopParts(LANES)], {
    folded: new Set(folded),
    arrangement: { ...PLAIN, ...change },
    titleOf: ({ id, kind, name }) => (isPart(id) ? kind : name),
  }).map((row) => row.lane?.id ?? row.key);

test("the parts of a loop stand above its tasks, and fold, move, hide and are pinned as lanes", () => {
  assert.deepEqual(keys(), [0, 1, 2, POLL, READY, TIMERS, 3]);
  assert.deepEqual(keys({}, ["lane-2"]), [0, 1, 2]);
  assert.deepEqual(keys({ lanes: "ready" }), [0, 1, 2, READY]);
  assert.deepEqual(keys({ hide: [POLL, TIMERS] }), [0, 1, 2, READY, 3]);
  assert.deepEqual(keys({ pin: [READY] }), [READY, 0, 1, 2, POLL, TIMERS, 3]);
  assert.deepEqual(keys({ move: [{ lane: POLL, after: 3 }] }), [0, 1, 2, READY, TIMERS, 3, POLL]);
});

test("a part has a short place in an address, which leads back to it and to its loop", () => {
  const arranged = { ...PLAIN, pin: [READY, 9], hide: [TIMERS], move: [{ lane: POLL, after: READY }] };
  const written = writeArrangement(arranged);
  assert.equal(written.pin, "2-ready,9");
  assert.equal(written.hide, "2-timers");
  assert.equal(written.move, "2-poll.2-ready");
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(written)) if (value) params.set(key, value);
  assert.deepEqual(readArrangement(params), arranged);
  assert.deepEqual(readArrangement(new URLSearchParams("pin=2-nothing,-poll,7&move=1.2-x")).pin, [7]);
  for (const id of [POLL, READY, TIMERS]) assert.equal(recordedId(id), 2);
  assert.equal(recordedId(3), 3);
});

test("the lane of polling has the loop's own spans, and that of timers those that ran late", () => {
  const data = decodeTimeline(WIRE);
  const more = withLoopParts(data, new Set([2]), { poll: 1, late: 1 });
  const polls = more.lanes.get(POLL);
  assert.ok(polls);
  const spans = [0, 1].map((index) => readSpan(polls, index));
  assert.deepEqual(spans, [1, 3].map((index) => readSpan(data.lanes.get(2) ?? polls, index)));
  assert.equal(polls.length, 2);
  assert.equal(spans[0]?.lane, 2);
  const { lane: lanes, at, by, length } = more.instants;
  assert.deepEqual([...lanes], [1, 2, 2, TIMERS]);
  assert.deepEqual([...at], [5, 41, 42, 42]);
  assert.deepEqual([by[3], length], [3, 4]);
  assert.equal(data.instants.length, 3, "what was given is left alone");
  assert.equal(withLoopParts(data, new Set(), { poll: 1, late: 1 }), data);
});

/* --- on the page --- */

type Modules = {
  opened: typeof import("../../src/state/opened");
  viewport: typeof import("../../src/state/viewport");
  counters: typeof import("../../src/state/counters");
  stops: typeof import("../../src/state/stops");
  timeline: typeof import("../../src/state/timeline");
};
let state: Modules;

before(async () => {
  installBrowser();
  state = {
    opened: await import("../../src/state/opened"),
    viewport: await import("../../src/state/viewport"),
    counters: await import("../../src/state/counters"),
    stops: await import("../../src/state/stops"),
    timeline: await import("../../src/state/timeline"),
  };
});

const RUN = { id: "r1", experiment: "e1", duration_ns: 100, has_timeline: true, known_until: null };

async function openWith(items: readonly Lane[]): Promise<() => void> {
  answerWith(({ path }) => {
    if (path.includes("/timeline")) return { status: 200, body: WIRE };
    if (path.endsWith("/lanes")) {
      const names = { states: STATES, instants: INSTANTS, counters: COUNTERS, sites: [] };
      return { status: 200, body: { ...names, known_until: null, items } };
    }
    return { status: 200, body: path.endsWith("/runs/r1") ? RUN : { items: [] } };
  });
  const close = state.timeline.openRun(wholeRun("r1"));
  await settle();
  state.viewport.width.value = 100;
  runTimers();
  await settle();
  return close;
}

test("the way down by key leads over the loop's counter at its place, at the same time", async () => {
  const close = await openWith(LANES);
  const { findSpan, select, selection } = state.timeline;
  const { chosenCounter, chosenReading, paneCounters } = state.counters;
  assert.deepEqual(paneCounters.value.map(({ lane: id }) => id), [0], "below is what has no lane");
  select(findSpan(2, 50, 0));
  state.stops.stepRow(1);
  assert.deepEqual(chosenCounter.value, { lane: 2, kind: 1, at: 50 });
  assert.equal(chosenReading.value?.value, 7);
  assert.equal(selection.peek(), null);
  state.stops.stepRow(1);
  assert.equal(selection.value?.lane, 3);
  state.stops.stepRow(1);
  assert.deepEqual(chosenCounter.value, { lane: 0, kind: 0, at: 50 });
  state.stops.stepRow(1);
  assert.equal(chosenCounter.value?.lane, 0, "there is nothing further down");
  for (let i = 0; i < 3; i++) state.stops.stepRow(-1);
  assert.deepEqual([selection.value?.lane, selection.value?.start], [2, 40]);
  close();
});

test("a span of the lane of polling is the loop's", async () => {
  const close = await openWith(LANES);
  const span = state.timeline.findSpan(POLL, 65, 0);
  assert.deepEqual([span?.lane, span?.start], [2, 60]);
  assert.equal(state.timeline.findSpan(POLL, 50, 0), null);
  close();
});

test("the server is asked for the lanes that it has", async () => {
  const many = Array.from({ length: 40 }, (_, i) => lane(4 + i, "task", 2));
  const close = await openWith([...LANES, ...many]);
  const lists = asked.flatMap(({ path }) => {
    const list = new URLSearchParams(path.split("?")[1]).get("lanes");
    return path.includes("/timeline") && list !== null ? [list.split(",").map(Number)] : [];
  });
  assert.ok(lists.some((ids) => ids.includes(2) && ids.includes(4)));
  assert.ok(lists.flat().every((id) => id < 44));
  close();
});
