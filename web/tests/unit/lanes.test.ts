// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { arrangeRows, countedLanes, homeOf, type Lane, type LaneKind, overviewLanes } from "../../src/lib/lanes";
import { decodeTimeline } from "../../src/lib/columns";
import { rangeTotals, visibleTotals, wholeTotals } from "../../src/lib/totals";

function lane(
  id: number,
  kind: LaneKind,
  parent: number,
  totals: Record<string, number> = {},
): Lane {
  return { id, kind, name: `${kind}-${id}`, parent, born_ns: 0, died_ns: 100, totals };
}

/* In order of birth, as the server sends them. */
const LANES = [
  lane(0, "core", -1, { running: 5, idle: 95 }),
  lane(1, "core", -1, { idle: 100 }),
  lane(2, "process", -1, { alive: 100 }),
  lane(3, "thread", 2, { running: 5 }),
  lane(4, "gil", 2, { held: 5 }),
  lane(5, "loop", 3, { callback: 5 }),
  lane(6, "task", 5),
  lane(7, "thread", 2),
  lane(8, "task", 5),
];

const keysOf = (folded: string[]): string[] =>
  arrangeRows(LANES, new Set(folded)).map((row) => `${row.depth}:${row.key}`);

test("cores, then process with GIL, threads, and the loop with its tasks under its thread", () => {
  assert.deepEqual(keysOf([]), [
    "0:cores",
    "1:lane-0",
    "1:unused-cores",
    "2:lane-1",
    "0:lane-2",
    "1:lane-4",
    "1:lane-3",
    "2:lane-5",
    "3:lane-6",
    "3:lane-8",
    "1:lane-7",
  ]);
});

test("a folded group keeps its head and hides what is below", () => {
  assert.deepEqual(keysOf(["cores", "lane-5"]), [
    "0:cores",
    "0:lane-2",
    "1:lane-4",
    "1:lane-3",
    "2:lane-5",
    "1:lane-7",
  ]);
});

test("a lane whose parent is unknown is still shown", () => {
  const rows = arrangeRows([lane(9, "thread", 77)], new Set());
  assert.deepEqual(
    rows.map((row) => row.key),
    ["lane-9"],
  );
});

test("what is shared is counted first, tasks last", () => {
  const kinds = countedLanes(LANES, 99).map(({ kind }) => kind);
  assert.equal(kinds.length, LANES.length);
  const order = ["process", "gil", "loop", "lock", "thread", "core", "task"];
  assert.deepEqual(kinds, [...kinds].sort((a, b) => order.indexOf(a) - order.indexOf(b)));
  assert.deepEqual(countedLanes(LANES, 1).map(({ kind }) => kind), ["process"]);
});

test("the overview takes GILs, loops, threads and cores in this order, if anything is on them", () => {
  assert.deepEqual(
    overviewLanes(LANES, 3).map((item) => item.id),
    [4, 5, 3],
  );
  assert.deepEqual(
    overviewLanes(LANES, 9).map((item) => item.id),
    [4, 5, 3, 0],
  );
});

test("totals leave out idle states and states that never occur", () => {
  const lanes = [
    lane(3, "thread", -1, { running: 60, idle: 40 }),
    lane(2, "process", -1, { alive: 1 }),
  ];
  const table = wholeTotals(["running", "wait_gil", "idle", "alive"], lanes);
  assert.deepEqual(table.states, ["running"]);
  assert.deepEqual(
    table.rows.map((row) => row.ns),
    [[60]],
  );
});

test("totals of a range are the server's, of the lanes that have rows", () => {
  const lanes = [lane(2, "process", -1, {}), lane(3, "thread", 2, { running: 9, idle: 1 })];
  const stats: { id: number; totals: Record<string, number> }[] = [
    { id: 2, totals: { alive: 10 } },
    { id: 3, totals: { running: 4, idle: 1 } },
    { id: 9, totals: { running: 5 } },
  ];
  const table = rangeTotals(["running", "idle", "alive"], lanes, stats);
  assert.equal(table.exact, true);
  assert.deepEqual(table.states, ["running"]);
  assert.deepEqual(
    table.rows.map(({ lane: { id }, ns }) => [id, ...ns]),
    [[3, 4]],
  );
});

test("totals of the window agree with those of the run when the window is the run", () => {
  const names = ["running", "wait_gil"];
  const own = lane(3, "thread", -1, { running: 70, wait_gil: 30 });
  const data = decodeTimeline({
    from: 0,
    to: 100,
    pixels: 10,
    lanes: [
      {
        id: 3,
        start: [0, 50, 80],
        end: [50, 80, 100],
        state: [0, 1, 0],
        resource: [-1, -1, -1],
        by: [-1, -1, -1],
        site: [-1, -1, -1],
        count: [1, 1, 1],
      },
    ],
    instants: { lane: [], at: [], kind: [], by: [], count: [] },
    counters: [],
  });
  assert.deepEqual(visibleTotals(names, [own], data, 0, 100), wholeTotals(names, [own]));
});

test("the GIL of an interpreter stands over its thread, others first", () => {
  const named = (id: number, kind: LaneKind, parent: number, name: string): Lane => ({
    ...lane(id, kind, parent),
    name,
  });
  const lanes = [
    named(0, "process", -1, "process"),
    named(1, "gil", 0, "GIL"),
    named(2, "thread", 0, "MainThread"),
    named(3, "thread", 0, "worker 0"),
    named(4, "gil", 0, "GIL of worker 0"),
    named(5, "thread", 0, "worker 1"),
    named(6, "gil", 0, "GIL of worker 1"),
    named(7, "gil", 0, "GIL of nobody"),
  ];
  const order = arrangeRows(lanes, new Set()).map((row) => row.lane?.name);
  assert.deepEqual(order, [
    "process",
    "GIL",
    "GIL of nobody",
    "MainThread",
    "GIL of worker 0",
    "worker 0",
    "GIL of worker 1",
    "worker 1",
  ]);
});

test("of lanes with one name each is told by the nearest lane around it that has its own", () => {
  const named = (id: number, kind: LaneKind, parent: number, name: string): Lane => ({
    ...lane(id, kind, parent),
    name,
  });
  const all = [
    named(0, "process", -1, "one"),
    named(1, "process", -1, "two"),
    named(2, "thread", 0, "MainThread"),
    named(3, "thread", 1, "MainThread"),
    named(4, "loop", 2, "event loop"),
    named(5, "loop", 3, "event loop"),
    named(6, "task", 4, "page"),
    named(7, "task", 5, "page"),
    named(8, "task", 5, "report"),
    named(9, "core", -1, "core 0"),
    named(10, "core", -1, "core 0"),
  ];
  const byId = new Map(all.map((entry) => [entry.id, entry]));
  const once = ({ name }: Lane): boolean => all.filter((lane) => lane.name === name).length === 1;
  const homes = all.map((entry) => homeOf(entry, byId, once)?.name ?? null);
  const [one, two] = ["one", "two"];
  assert.deepEqual(homes, [null, null, one, two, one, two, one, two, null, null, null]);
});
