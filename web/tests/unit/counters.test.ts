// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  changeAt,
  decodeCounter,
  extentOf,
  readChange,
  type WireCounter,
  zeroCounter,
} from "../../src/lib/counters";

type Change = [at: number, value: number];

/** As the server sends it when each change is one of its own. */
function wireOf(before: number, changes: readonly Change[]): WireCounter {
  const values = changes.map(([, value]) => value);
  return {
    lane: 3,
    kind: 1,
    before,
    at: changes.map(([at]) => at),
    min: values,
    max: values,
    last: values,
    count: changes.map(() => 1),
  };
}

/** Small numbers that are the same in every test run. */
function randomChanges(seed: number): Change[] {
  let state = seed;
  const next = (below: number): number => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
  const changes: Change[] = [];
  for (let at = next(5); at < 100; at += 1 + next(9)) changes.push([at, next(12) - 2]);
  return changes;
}

/** The value at each of 0 .. 99. */
function painted(before: number, changes: readonly Change[]): number[] {
  const values = new Array<number>(100).fill(before);
  for (const [at, value] of changes) values.fill(value, at);
  return values;
}

test("a counter is at every time what a painter makes of its changes", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const changes = randomChanges(seed);
    const columns = decodeCounter(wireOf(seed, changes));
    const values = painted(seed, changes);
    values.forEach((value, time) => {
      assert.equal(readChange(columns, changeAt(columns, time)).value, value, `seed ${seed}, ${time}`);
    });
  }
});

test("the extent of a window is that of the painted values in it", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const changes = randomChanges(seed);
    const columns = decodeCounter(wireOf(seed, changes));
    const from = seed;
    const to = from + 1 + (seed % 7) * 9;
    const inside = painted(seed, changes).slice(from, to);
    assert.deepEqual(extentOf(columns, from, to), {
      first: inside[0],
      min: Math.min(...inside),
      max: Math.max(...inside),
      last: inside[inside.length - 1],
      exact: true,
    });
  }
});

test("changes within a pixel keep their least and greatest value", () => {
  const wire = { ...wireOf(1, [[10, 2]]), min: [0], max: [9], count: [4] };
  const reading = readChange(decodeCounter(wire), 0);
  assert.deepEqual(reading, { since: 10, until: null, value: 2, min: 0, max: 9, count: 4 });
  assert.deepEqual(extentOf(decodeCounter(wire), 0, 20), { first: 1, min: 0, max: 9, last: 2, exact: false });
});

test("nothing said is nothing counted, and columns of different length are refused", () => {
  assert.equal(readChange(zeroCounter(1, 2), -1).value, 0);
  assert.throws(() => decodeCounter({ ...wireOf(0, [[1, 1]]), max: [] }), /lane 3/);
});
