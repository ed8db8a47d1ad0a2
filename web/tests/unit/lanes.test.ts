// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ALL,
  type Arrangement,
  foldedKeys,
  PLAIN,
  readArrangement,
  withMove,
  writeArrangement,
} from "../../src/lib/arrangement";
import { arrangeRows, countedLanes, homeOf, type Lane, type LaneKind, overviewLanes, pinnedRows, placeBeside, type Row, tellingLanes } from "../../src/lib/lanes";
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

function rowsOf(lanes: readonly Lane[], folded: string[], change: Partial<Arrangement> = {}): Row[] {
  return arrangeRows(lanes, {
    folded: new Set(folded),
    arrangement: { ...PLAIN, ...change },
    titleOf: ({ name }) => name,
  });
}

const keysOf = (folded: string[], change: Partial<Arrangement> = {}): string[] =>
  rowsOf(LANES, folded, change).map((row) => `${row.depth}:${row.key}`);

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

test("pinned lanes come first, with what is below them, and are nowhere else", () => {
  const rows = rowsOf(LANES, [], { pin: [7, 5] });
  assert.deepEqual(
    rows.map(({ key, depth }) => `${depth}:${key}`),
    [
      "0:lane-7",
      "0:lane-5",
      "1:lane-6",
      "1:lane-8",
      "0:cores",
      "1:lane-0",
      "1:unused-cores",
      "2:lane-1",
      "0:lane-2",
      "1:lane-4",
      "1:lane-3",
    ],
  );
  assert.equal(pinnedRows(rows), 4);
  assert.equal(pinnedRows(rowsOf(LANES, [])), 0);
  assert.equal(pinnedRows(rowsOf([LANES[3] as Lane], [], { pin: [3] })), 1, "all of them");
});

test("a hidden lane takes along what is below it, pinned or not", () => {
  assert.deepEqual(keysOf(["cores"], { hide: [3], pin: [6] }), ["0:cores", "0:lane-2", "1:lane-4", "1:lane-7"]);
  assert.deepEqual(keysOf([], { hide: [0, 1, 2] }), []);
});

test("the filter leaves lanes with the text, what they are in and what is in them", () => {
  assert.deepEqual(keysOf([], { lanes: " TASK-6 " }), ["0:lane-2", "1:lane-3", "2:lane-5", "3:lane-6"]);
  assert.deepEqual(keysOf(["lane-2", "lane-3"], { lanes: "loop" }), [
    "0:lane-2",
    "1:lane-3",
    "2:lane-5",
    "3:lane-6",
    "3:lane-8",
  ]);
  assert.deepEqual(keysOf([], { lanes: "nothing is called so" }), []);
});

test("moved lanes stand where they were put, as far as that is in their group", () => {
  const threads = (change: Partial<Arrangement>): string =>
    rowsOf(LANES, [], change)
      .flatMap(({ lane, depth }) => (lane && depth === 1 && lane.kind !== "core" ? [lane.id] : []))
      .join(" ");
  assert.equal(threads({}), "4 3 7");
  assert.equal(threads({ move: [{ lane: 7, after: 4 }] }), "4 7 3");
  assert.equal(threads({ move: [{ lane: 7, after: null }] }), "7 4 3");
  assert.equal(threads({ move: [{ lane: 4, after: 7 }, { lane: 3, after: 4 }] }), "7 4 3");
  assert.equal(threads({ move: [{ lane: 7, after: 0 }, { lane: 7, after: 7 }, { lane: 99, after: 3 }] }), "4 3 7");
});

test("a step up or down is a place beside another lane of the group", () => {
  const rows = rowsOf(LANES, []);
  assert.equal(placeBeside(rows, 3, 1), 7);
  assert.equal(placeBeside(rows, 3, -1), null);
  assert.equal(placeBeside(rows, 4, -1), undefined, "it is the first one");
  assert.equal(placeBeside(rows, 7, 5), undefined, "it is the last one");
  assert.equal(placeBeside(rows, 4, 2), 7);
  assert.equal(placeBeside(rows, 99, 1), undefined);
});

test("any walk of steps keeps every lane, once", () => {
  let move: Arrangement["move"] = [];
  let seed = 1;
  for (let i = 0; i < 300; i++) {
    seed = (seed * 48271) % 2147483647;
    const id = seed % LANES.length;
    const by = (seed >> 8) % 2 === 0 ? 1 : -1;
    const before = rowsOf(LANES, [], { move });
    const after = placeBeside(before, id, by);
    if (after === undefined) continue;
    move = withMove(move, { lane: id, after });
    const rows = rowsOf(LANES, [], { move });
    assert.deepEqual(rows.map(({ key }) => key).sort(), before.map(({ key }) => key).sort());
    const group = rows.filter(({ within }) => within === rows.find(({ lane }) => lane?.id === id)?.within);
    const place = group.findIndex(({ lane }) => lane?.id === id);
    assert.equal(group[place - 1]?.lane?.id ?? null, after);
  }
});

test("an arrangement survives the way into the address, and nonsense is left out", () => {
  const full: Arrangement = {
    fold: ["cores", "lane-12"],
    pin: [7, 0],
    hide: [3],
    move: [{ lane: 4, after: 7 }, { lane: 9, after: null }],
    lanes: "worker 1 & 2",
    only: ["wait_gil", "io"],
  };
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(writeArrangement(full))) if (value !== null) params.set(key, value);
  assert.equal(params.get("move"), "4.7,9");
  assert.deepEqual(readArrangement(params), full);
  assert.deepEqual(readArrangement(new URLSearchParams("pin=x,-1&move=1.,.2&fold=%3Cb%3E&only=A")), PLAIN);
});

test("all folded is one word in the address, and what is opened again comes after it", () => {
  const groups = ["cores", ...Array.from({ length: 5000 }, (_, id) => `lane-${id}`)];
  const atFirst = ["unused-cores"];
  const folded = (fold: readonly string[]): Set<string> => foldedKeys(fold, groups, atFirst);
  assert.deepEqual(folded([]), new Set(atFirst));
  assert.deepEqual(folded(["cores", "unused-cores"]), new Set(["cores"]), "as old addresses have it");
  assert.equal(folded([ALL]).size, groups.length + 1);
  const some = folded([ALL, "lane-7", "unused-cores", "counters"]);
  assert.ok(!some.has("lane-7") && !some.has("unused-cores") && some.has("counters") && some.has("lane-8"));
  const written = writeArrangement({ ...PLAIN, fold: [ALL, "lane-7"] }).fold;
  assert.equal(written, "all,7");
  assert.deepEqual(readArrangement(new URLSearchParams({ fold: written ?? "" })).fold, [ALL, "lane-7"]);
});

test("a lane whose parent is unknown is still shown", () => {
  const rows = rowsOf([lane(9, "thread", 77)], []);
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
  const order = rowsOf(lanes, []).map((row) => row.lane?.name);
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

test("a few lanes show all that takes part: kinds take turns, cores and the unused are left out", () => {
  const used = { running: 5 };
  const lanes = [
    lane(0, "core", -1, used),
    lane(1, "thread", -1, used),
    lane(2, "thread", -1, used),
    lane(3, "thread", -1, used),
    lane(4, "gil", -1, { held: 5 }),
    lane(5, "task", -1, used),
    lane(6, "loop", -1, { idle: 100 }),
  ];
  const ids = (limit: number): number[] => tellingLanes(lanes, limit).map(({ id }) => id);
  assert.deepEqual(ids(3), [4, 1, 5]);
  assert.deepEqual(ids(4), [4, 1, 2, 5]);
  assert.deepEqual(ids(9), [4, 1, 2, 3, 5]);
  assert.deepEqual(tellingLanes([], 3), []);
});
