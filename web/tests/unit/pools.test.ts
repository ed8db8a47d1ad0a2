// SPDX-License-Identifier: MIT
// Pools of several sizes: which are tried, how they are read out of a document and changed in it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { prettyJson } from "../../src/lib/json-pretty";
import { labelOf, parseLabel } from "../../src/lib/label";
import {
  followWork,
  type Pool,
  placesAt,
  placesShown,
  poolsOf,
  removePool,
  setSizes,
  severalSizes,
  sizeShown,
  sizesFor,
} from "../../src/lib/pools";
import { ownQuestion, setField } from "../../src/lib/question";

const KNOWN = { cores: 8, withInterval: new Set<string>() };

function document(strategies: readonly unknown[]): string {
  return prettyJson({ schema: 1, strategies, seed: 1 });
}

function strategies(text: string): unknown[] {
  return (JSON.parse(text) as { strategies: unknown[] }).strategies;
}

function pools(text: string): Pool[] {
  return poolsOf(JSON.parse(text) as unknown);
}

test("sizes go from one for each core to one for each job, and are few", () => {
  assert.deepEqual(sizesFor({ cores: 8, jobs: 500, waits: true }), [8, 16, 32, 64, 128, 256, 500]);
  assert.deepEqual(sizesFor({ cores: 8, jobs: 20, waits: true }), [2, 4, 8, 20]);
  assert.deepEqual(sizesFor({ cores: 8, jobs: 300, waits: false }), [2, 4, 8, 16]);
  assert.deepEqual(sizesFor({ cores: 1, jobs: 1, waits: true }), [1]);
  // Each is twice one of those before it, also where not all of them are tried.
  assert.deepEqual(sizesFor({ cores: 4, jobs: 1000, waits: true }), [4, 8, 16, 64, 128, 256, 512]);
  assert.deepEqual(sizesFor({ cores: 4, jobs: 500, waits: true }), [4, 8, 16, 64, 128, 256, 500]);
  assert.deepEqual(sizesFor({ cores: 1, jobs: null, waits: true }), [1, 4, 8, 32, 64, 256, 512]);
  for (const cores of [1, 2, 3, 8, 64, 1024]) {
    for (const jobs of [1, 2, 7, 100, 1000, 1_000_000, null]) {
      for (const waits of [true, false]) {
        const sizes = sizesFor({ cores, jobs, waits });
        const said = `${cores} ${jobs} ${waits}: ${sizes}`;
        assert.ok(sizes.length >= 1 && sizes.length <= 7, said);
        assert.ok(sizes.every((size, index) => Number.isInteger(size) && size > (sizes[index - 1] ?? 0)), said);
        assert.ok((sizes.at(-1) ?? 0) <= Math.min(jobs ?? 512, 512), said);
        assert.ok(sizes.length >= 4 || (sizes[0] ?? 0) <= 2, said);
      }
    }
  }
});

test("strategies that differ in their size only are one pool", () => {
  const text = document(["sequential", { threads: 4 }, { processes: 2, each: { threads: 8 } }, { threads: 8 }, { processes: 2 }]);
  assert.deepEqual(
    pools(text).map(({ kind, sizes, places }) => [kind, sizes, places]),
    [
      ["sequential", [], [0]],
      ["threads", [4, 8], [1, 3]],
      ["processes", [2], [2]],
      ["processes", [2], [4]],
    ],
  );
});

test("a pool gets other sizes where it was, and the others stay", () => {
  const text = document([{ threads: 4 }, "sequential", { threads: 8, chunk: 2 }, { threads: 16 }]);
  const [threads] = pools(text);
  assert.ok(threads);
  assert.deepEqual(strategies(setSizes(text, threads, [1, 2, 3])), [
    { threads: 1 }, { threads: 2 }, { threads: 3 }, "sequential", { threads: 8, chunk: 2 },
  ]);
  assert.deepEqual(strategies(removePool(text, threads)), ["sequential", { threads: 8, chunk: 2 }]);
});

test("the sizes that are tried follow the work; sizes of one's own do not", () => {
  const before = { cores: 4, jobs: 200, waits: true };
  const after = { cores: 8, jobs: 500, waits: true };
  const ladder = (kind: string, sizes: readonly number[]) => sizes.map((size) => ({ [kind]: size }));
  const text = document([...ladder("threads", sizesFor(before)), { asyncio: 7 }, ...ladder("processes", sizesFor(before)), { interpreters: 4 }]);
  assert.deepEqual(strategies(followWork(text, before, after)), [
    ...ladder("threads", sizesFor(after)), { asyncio: 7 }, ...ladder("processes", sizesFor(after)), { interpreters: 8 },
  ]);
});

test("one's own question keeps trying the right sizes, and is recorded whole", () => {
  const typed = [["count", 500], ["python", 5], ["cores", 8]] as const;
  const text = typed.reduce((now, [name, to]) => setField(now, name, to, KNOWN), prettyJson(ownQuestion()));
  const found = pools(text);
  const sizes = sizesFor({ cores: 8, jobs: 500, waits: true });
  assert.deepEqual(found.map(({ kind }) => kind), ["sequential", "threads", "asyncio", "processes", "interpreters", "processes", "processes"]);
  for (const pool of found.slice(1, 5)) assert.deepEqual(pool.sizes, sizes);
  assert.deepEqual(found.slice(5).map((pool) => pool.sizes), [[8], [8]]);
  assert.ok(2 * strategies(text).length <= 64, "the server records timelines of so many cells");
  const computes = pools(setField(text, "wait", 0, KNOWN));
  assert.deepEqual(computes[1]?.sizes, [2, 4, 8, 16]);
});

test("of several sizes that is shown which is nearest to the one wanted", () => {
  const text = document(["sequential", { threads: 4 }, { threads: 8 }, { threads: 32 }, { processes: 2 }]);
  const found = pools(text);
  assert.deepEqual(severalSizes(found), [4, 8, 32]);
  assert.equal(sizeShown([4, 8, 32], null), 8);
  assert.equal(sizeShown([4, 8, 32], 1000), 32);
  assert.deepEqual(placesAt(found, 5), [0, 1, 4]);
  assert.deepEqual(placesAt(found, null), [0, 2, 4]);
  assert.equal(placesAt(pools(document([{ threads: 4 }, { processes: 4 }])), 4), null);
  assert.equal(placesAt(pools(document([{ threads: 4 }, { threads: 9999 }])), 4), null, "it may be refused");
  const sized = { strategies: [{ threads: 4 }, { threads: 8 }] };
  assert.deepEqual(placesShown(sized, 8), [1]);
  assert.equal(placesShown({ ...sized, sweep: { "/strategies/1/threads": [8, 9] } }, 8), null, "its place is named");
});

test("a strategy of a document has the server's label", () => {
  const nested = { processes: 4, each: { asyncio: 50 }, start: "spawn" };
  assert.equal(labelOf(nested), "processes(4, each=asyncio(50), start=spawn)");
  assert.equal(labelOf({ base: "cpython-3.9", switch_interval_us: 1000 }), "cpython-3.9 (switch_interval_us=1000)");
  assert.equal(labelOf({ base: "cpython-3.9" }), "cpython-3.9");
  assert.deepEqual(parseLabel(labelOf(nested)), {
    name: "processes",
    count: 4,
    options: [["each", "asyncio(50)"], ["start", "spawn"]],
  });
  assert.deepEqual(parseLabel("sequential"), { name: "sequential", count: null, options: [] });
});
