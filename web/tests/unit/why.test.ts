// SPDX-License-Identifier: MIT
// Why a cell was chosen, from metrics such as real runs of 500 jobs have them: 5 ms of Python and
// 50 ms of waiting each, on 8 cores.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Why, whyOf } from "../../src/lib/why";

const JOBS = { machine: { cores: 8 }, workload: { jobs: { count: 500, steps: [{ python_us: 5000 }, { io_us: 50_000 }] } } };

type Figures = readonly [makespan: number, python: number, cpu: number, held: number | null, rate: number, each: number];

function cellOf(runtime: string, strategy: string, figures: Figures) {
  const [makespan_us, python_us, cpu_us, gil_held_share, throughput_per_s, latency_mean_us] = figures;
  const values = { makespan_us, python_us, cpu_us, gil_held_share, throughput_per_s, latency_mean_us };
  const metrics = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value === null ? null : { median: value }]),
  );
  return { id: `${runtime} ${strategy}`, runtime, strategy, point: {}, metrics };
}

const SEQUENTIAL = cellOf("cpython-3.14", "sequential", [27_469_469, 2_425_000, 2_469_719, 0.0883, 18.2, 54_939]);
const THREADS = cellOf("cpython-3.14", "threads(16)", [2_529_704, 2_434_404, 2_689_253, 0.9624, 197.7, 78_683]);
const LOOP = cellOf("cpython-3.14", "asyncio(500)", [2_476_643, 2_427_851, 2_428_858, 0.9803, 201.9, 1_216_573]);
const OFFLOADED = cellOf("cpython-3.14", "asyncio(500, to_process=8)", [2_400_000, 2_427_851, 2_428_858, 0.3, 201.9, 1_216_573]);
const SERVERS = cellOf("cpython-3.14", "processes(8, each=asyncio(100))", [420_282, 2_789_075, 2_803_560, 0.6969, 1189.7, 175_360]);
const FREE = cellOf("cpython-3.14t", "threads(128)", [427_659, 2_925_621, 2_947_645, null, 1169.2, 62_682]);
const CELLS = [SEQUENTIAL, THREADS, LOOP, OFFLOADED, SERVERS, FREE];
type Any = (typeof CELLS)[number];

const rank = (cell: Any): number => cell.metrics.makespan_us?.median ?? NaN;
const why = (chosen: Any, cells = CELLS, document: unknown = JOBS): Why<Any> | null => whyOf(cells, chosen, document, rank);

test("several GILs stand beside the best one with a single GIL, and the jobs one after another", () => {
  const found = why(SERVERS);
  assert.deepEqual(found?.gils, { kind: "each", of: "processes", count: 8 });
  assert.equal(found?.parallel.toFixed(2), "6.64");
  assert.equal(found?.cores, 8);
  assert.equal(found?.oneGil?.cell, LOOP);
  assert.ok(found?.oneGil?.isFull);
  assert.equal(found?.underWay?.toFixed(0), "209");
  assert.equal(found?.oneByOne, SEQUENTIAL);
});

test("a build without a GIL, and one GIL that is chosen, are called so", () => {
  assert.deepEqual(why(FREE)?.gils, { kind: "none" });
  assert.equal(why(FREE)?.oneGil?.cell, LOOP);
  const one = why(LOOP);
  assert.deepEqual(one?.gils, { kind: "one", held: 0.9803 });
  assert.equal(one?.oneGil, null);
});

test("nothing is said of what was not tried, is no worse, or lies at another point of a sweep", () => {
  assert.equal(why(SERVERS, [SERVERS, FREE])?.oneGil, null);
  assert.equal(why(SERVERS, [SERVERS])?.oneByOne, null);
  const elsewhere = { ...LOOP, point: { "/machine/cores": 2 } };
  assert.equal(why(SERVERS, [SERVERS, elsewhere])?.oneGil, null);
  assert.equal(why(THREADS)?.oneByOne, SEQUENTIAL);
  assert.equal(why(SEQUENTIAL)?.oneByOne, null);
  assert.equal(why(OFFLOADED), null);
});

test("threads and event loops of one process have one GIL, however they are written", () => {
  const together = { machine: { cores: 4 }, workload: { actors: [{ name: "spinner", thread: 2 }, { name: "server", event_loop: 1 }] } };
  const apart = { workload: { actors: [{ name: "spinner", thread: 2 }, { name: "other", process: 2 }] } };
  const withGil = cellOf("cpython-3.12", "actors", [2_000_000, 1_980_000, 2_010_000, 0.99, 0, 0]);
  const free = cellOf("cpython-3.14t", "actors", [1_100_000, 2_150_000, 2_160_000, null, 0, 0]);
  assert.deepEqual(why(withGil, [withGil], together)?.gils, { kind: "one", held: 0.99 });
  const found = why(free, [withGil, free], together);
  assert.deepEqual(found?.gils, { kind: "none" });
  assert.equal(found?.oneGil?.cell, withGil);
  assert.ok(found?.oneGil?.isFull);
  assert.equal(found?.cores, 4);
  assert.equal(found?.underWay, null);
  assert.equal(why(withGil, [withGil, free], apart), null);
  assert.equal(why(free, [withGil, free], apart)?.oneGil, null);
});

test("what is not the jobs themselves is told from the same jobs one after another, under the same runtime", () => {
  const { us, share, bare } = why(SERVERS)?.overhead ?? {};
  assert.equal(us, 2_803_560 - 2_469_719);
  assert.equal(share?.toFixed(3), "0.119");
  assert.equal(bare, SEQUENTIAL);
  assert.equal(why(FREE)?.overhead, null, "of another runtime");
  assert.equal(why(LOOP)?.overhead, null, "there is none");
  assert.equal(why(SEQUENTIAL)?.overhead, null);
});

test("who waits for a core or a GIL does not wait side by side", () => {
  const withWaits = (cell: Any, name: string, value: number): Any => ({ ...cell, metrics: { ...cell.metrics, [name]: { median: value } } });
  const threads = cellOf("cpython-3.14t", "threads(16)", [223_000, 1_750_000, 1_760_000, null, 1345, 10_550]);
  assert.equal(why(threads)?.underWay?.toFixed(1), "14.2");
  assert.equal(why(withWaits(threads, "ready_us", 1_450_000))?.underWay, null);
  assert.equal(why(withWaits(threads, "gil_wait_us", 1_450_000))?.underWay, null);
  const computing = { workload: { jobs: { count: 300, steps: [{ python_us: 5000 }] } } };
  assert.equal(why(threads, CELLS, computing)?.underWay, null);
});

test("a GIL that is mostly free is no bound", () => {
  assert.equal(why(SERVERS, [SERVERS, SEQUENTIAL])?.oneGil?.isFull, false);
});
