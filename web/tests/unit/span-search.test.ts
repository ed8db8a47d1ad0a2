// SPDX-License-Identifier: MIT
// What a text asks the server for, and how several answers become one list.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Span } from "../../src/lib/columns";
import type { Lane, LaneKind } from "../../src/lib/lanes";
import { asksOf, merged, type Shown } from "../../src/lib/span-search";

function lane(id: number, kind: LaneKind, name: string, totals: Record<string, number> = {}): Lane {
  return { id, kind, name, parent: -1, born_ns: 0, died_ns: 9, totals };
}

const LANES = [
  lane(0, "core", "core-0", { running: 5, idle: 4 }),
  lane(1, "gil", "GIL", { held: 6, free: 3 }),
  lane(2, "thread", "MainThread", { running: 2, wait_gil: 3 }),
  lane(3, "thread", "Worker 1", { running: 2, wait_gil: 1, io: 2 }),
];
const WORDS: Record<string, string> = {
  running: "wykonuje Pythona",
  "core.running": "wykonuje wątek",
  wait_gil: "czeka na GIL",
  io: "I/O",
  held: "zajęty",
  idle: "bezczynny",
  free: "wolny",
};
const SHOWN: Shown = {
  lanes: LANES,
  states: ["idle", "running", "wait_gil", "io", "held", "free"],
  titleOf: ({ kind, name, id }) => (kind === "core" ? `rdzeń ${id}` : name),
  wordsOf: (state, { kind }) => WORDS[`${kind}.${state}`] ?? WORDS[state] ?? state,
};
const asks = (text: string, state = "") => asksOf(text, state, SHOWN);

test("without a text only the state is asked for", () => {
  assert.deepEqual(asks(""), [{}]);
  assert.deepEqual(asks("  ", "io"), [{ states: ["io"] }]);
});

test("words of a state are asked for as the state, wherever they are the same", () => {
  assert.deepEqual(asks("czeka na"), [{ states: ["wait_gil"] }]);
  assert.deepEqual(asks("ZAJETY"), [{ states: ["held"] }], "in either case, without accents");
  assert.deepEqual(asks("wykonuje P"), [{ kind: "thread", states: ["running"] }]);
  assert.deepEqual(asks("wykonuje"), [{ states: ["running"] }]);
});

test("a lane is found by its name in either case, by its title, and in the labels of others", () => {
  assert.deepEqual(asks("worker"), [{ name: "Worker" }, { resource: 3 }]);
  assert.deepEqual(asks("rdzeń"), [{ kind: "core" }, { resource: 0 }]);
  const two = { ...SHOWN, lanes: [...LANES, lane(9, "core", "core-9")] };
  assert.deepEqual(asksOf("rdzeń 9", "", two), [{ lanes: [9] }, { resource: 9 }]);
});

test("what is both the name of a lane and in the words of a state is asked for as both", () => {
  assert.deepEqual(asks("gil"), [{ name: "GIL" }, { resource: 1 }, { states: ["wait_gil"] }]);
  assert.deepEqual(asks("gil", "held"), [{ name: "GIL", states: ["held"] }, { resource: 1, states: ["held"] }]);
  assert.deepEqual(asks("nobody"), []);
});

test("of thousands of lanes each is not a question", () => {
  const many = { ...SHOWN, lanes: Array.from({ length: 5000 }, (_, id) => lane(id, "task", `Task-${id}`)) };
  assert.deepEqual(asksOf("task-12", "", many), [{ name: "Task-12" }]);
});

const span = (of: number, start: number, end: number): Span =>
  ({ lane: of, start, end, state: 0, count: 1, resource: -1, by: -1, site: -1 }) as Span;

test("several answers are one list in the order of time, as far as all of them are known", () => {
  const [a, b, c, d] = [span(1, 0, 10), span(2, 5, 12), span(1, 10, 20), span(2, 12, 30)];
  const whole = [{ ask: {}, items: [a, c], next: null }, { ask: {}, items: [a, b, d], next: null }];
  assert.deepEqual(merged(whole), [a, b, c, d]);
  assert.deepEqual(merged([{ ask: {}, items: [a, c], next: "P2" }, { ask: {}, items: [a, b, d], next: null }]), [a, b, c]);
  assert.deepEqual(merged([]), []);
});
