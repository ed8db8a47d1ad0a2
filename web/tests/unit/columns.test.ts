// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { blameWait } from "../../src/lib/blame";
import {
  type CompactLane,
  decodeTimeline,
  type LaneColumns,
  readSpan,
  spanAt,
  spansIn,
  stateTotals,
  type WireLane,
} from "../../src/lib/columns";

const RUNNING = 0;
const WAITING = 3;
const HELD = 20;
const GIL = 3;
const FREE = 21;

type Row = [start: number, end: number, state: number, resource?: number, count?: number];

function lane(id: number, rows: Row[]): WireLane {
  return {
    id,
    start: rows.map((row) => row[0]),
    end: rows.map((row) => row[1]),
    state: rows.map((row) => row[2]),
    resource: rows.map((row) => row[3] ?? -1),
    by: rows.map(() => -1),
    site: rows.map(() => -1),
    count: rows.map((row) => row[4] ?? 1),
  };
}

const NO_EVENTS = { instants: { lane: [], at: [], kind: [], by: [], count: [] }, counters: [] };

function decode(id: number, rows: Row[]): LaneColumns {
  const wire = { from: 0, to: 1000, pixels: 100, lanes: [lane(id, rows)], ...NO_EVENTS };
  const columns = decodeTimeline(wire).lanes.get(id);
  assert.ok(columns);
  return columns;
}

test("columns of different length are refused", () => {
  const broken = { ...lane(4, [[0, 1, RUNNING]]), by: [] };
  const wire = { from: 0, to: 1, pixels: 1, lanes: [broken], ...NO_EVENTS };
  assert.throws(() => decodeTimeline(wire), /lane 4/);
});

const COMPACT: CompactLane = {
  id: 4,
  length: 3,
  gap: [1e15, 0, 7],
  duration: [5, 6, 1],
  state: [RUNNING, WAITING, HELD],
  resource: -1,
  by: -1,
  site: [2, -1, 2],
  count: 1,
};

test("a compact lane is the same as one in full", () => {
  const full = {
    ...lane(4, [
      [1e15, 1e15 + 5, RUNNING],
      [1e15 + 5, 1e15 + 11, WAITING],
      [1e15 + 18, 1e15 + 19, HELD],
    ]),
    site: [2, -1, 2],
  };
  const [compact, plain] = [COMPACT, full].map((wire) =>
    decodeTimeline({ from: 0, to: 2e15, pixels: 9, lanes: [wire], ...NO_EVENTS }).lanes.get(4),
  );
  assert.deepEqual(compact, plain);
});

test("a compact lane of columns that do not fit is refused", () => {
  for (const broken of [{ gap: [1, 2] }, { duration: [] }, { state: [1, 2, 3, 4] }, { site: [1] }]) {
    const wire = { from: 0, to: 1, pixels: 1, lanes: [{ ...COMPACT, ...broken }], ...NO_EVENTS };
    assert.throws(() => decodeTimeline(wire), /differ in length/);
  }
});

test("finds what a naive search finds, for every time", () => {
  const rows: Row[] = [
    [10, 20, 0],
    [20, 21, 1],
    [40, 90, 2],
    [95, 96, 0],
  ];
  const columns = decode(1, rows);
  for (let time = 0; time <= 110; time++) {
    const naive = rows.findIndex(([start, end]) => start <= time && time < end);
    assert.equal(spanAt(columns, time), naive, `at ${time}`);
  }
});

test("takes the nearest span within the slack", () => {
  const columns = decode(1, [
    [10, 20, 0],
    [40, 90, 2],
  ]);
  assert.equal(spanAt(columns, 22, 3), 0);
  assert.equal(spanAt(columns, 38, 3), 1);
  assert.equal(spanAt(columns, 30, 3), -1);
  assert.equal(readSpan(columns, 2), null);
  assert.equal(readSpan(columns, 1)?.end, 90);
});

test("totals are clipped to the window and know whether they are exact", () => {
  const columns = decode(1, [
    [0, 100, RUNNING],
    [100, 300, WAITING],
    [300, 310, RUNNING, -1, 7],
  ]);
  const part = stateTotals(columns, 50, 150);
  assert.deepEqual(
    [...part.totals],
    [
      [RUNNING, 50],
      [WAITING, 50],
    ],
  );
  assert.equal(part.exact, true);
  const whole = stateTotals(columns, 0, 1000);
  assert.deepEqual(
    [...whole.totals],
    [
      [RUNNING, 110],
      [WAITING, 200],
    ],
  );
  assert.equal(whole.exact, false);
});

test("blame gives each holder its share of the wait, and the gaps to nobody", () => {
  const gil = decode(GIL, [
    [0, 120, HELD, 7],
    [120, 130, FREE],
    [130, 180, HELD, 8],
    [180, 400, HELD, 7],
  ]);
  const blame = blameWait(gil, GIL, HELD, 100, 200);
  assert.deepEqual(blame.shares, [
    { holder: 8, ns: 50, share: 0.5 },
    { holder: 7, ns: 40, share: 0.4 },
  ]);
  assert.equal(blame.freeNs, 10);
  assert.equal(blame.exact, true);
});

test("a loop between the steps of its tasks is itself to blame", () => {
  const LOOP = 5;
  const loop = decode(LOOP, [
    [0, 60, HELD, 7],
    [60, 90, HELD, -1],
    [90, 100, FREE],
  ]);
  const blame = blameWait(loop, LOOP, HELD, 10, 100);
  assert.deepEqual(
    blame.shares.map(({ holder, ns }) => [holder, ns]),
    [
      [7, 50],
      [LOOP, 30],
    ],
  );
  assert.equal(blame.freeNs, 10);
  assert.equal(blame.exact, true);
});

test("blame over merged spans names no one and says so", () => {
  const gil = decode(GIL, [
    [0, 50, HELD, 7],
    [50, 100, HELD, -1, 12],
  ]);
  const blame = blameWait(gil, GIL, HELD, 0, 100);
  assert.equal(blame.exact, false);
  assert.deepEqual(blame.shares.map(({ holder }) => holder).sort(), [-1, 7]);
});

test("what is missing in the store is counted", () => {
  const wire = { from: 0, to: 1, pixels: 1, lanes: [], ...NO_EVENTS };
  assert.equal(decodeTimeline(wire).damaged, 0);
  assert.equal(decodeTimeline({ ...wire, damages: [{ what: "x" }, { what: "y" }] }).damaged, 2);
});

test("the spans of a window are those that any part of is in it", () => {
  const columns = decode(1, [
    [0, 10, RUNNING],
    [10, 30, WAITING],
    [30, 40, RUNNING],
    [50, 60, RUNNING],
  ]);
  const starts = (from: number, to: number, most = 9): number[] =>
    spansIn(columns, from, to, most).items.map(({ start }) => start);
  assert.deepEqual(starts(0, 60), [0, 10, 30, 50]);
  assert.deepEqual(starts(10, 30), [10]);
  assert.deepEqual(starts(15, 16), [10]);
  assert.deepEqual(starts(40, 50), []);
  assert.deepEqual(starts(0, 60, 2), [0, 10]);
  assert.equal(spansIn(columns, 0, 60, 2).count, 4);
});
