// SPDX-License-Identifier: MIT
// A document as a sentence, and the sentence's changes of the document.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { prettyJson } from "../../src/lib/json-pretty";
import { addPool } from "../../src/lib/pools";
import {
  addRuntime,
  type FieldName,
  ownQuestion,
  type Question,
  readQuestion,
  resetPlay,
  setField,
} from "../../src/lib/question";

const KNOWN = { cores: 8, withInterval: new Set(["cpython-3.9", "cpython-3.12", "cpython-3.14"]) };

function read(text: string): Question {
  const question = readQuestion(JSON.parse(text) as unknown, KNOWN);
  assert.ok(question);
  return question;
}

function value(text: string, name: FieldName): number | null {
  return read(text).fields[name].value;
}

function document(steps: unknown[], more: Record<string, unknown> = {}): string {
  return prettyJson({ schema: 1, runtimes: ["cpython-3.12"], workload: { jobs: { count: 9, steps } }, ...more });
}

function steps(text: string): unknown {
  return (JSON.parse(text) as { workload: { jobs: { steps: unknown } } }).workload.jobs.steps;
}

test("what was played with goes back, each strategy to its own workers, and the rest stays", () => {
  const strategies = ["sequential", { threads: 32 }, { processes: 4 }, { asyncio: 100 }];
  const original = document([{ python_us: 1000 }, { c_us: 2000, gil: "released" }], { strategies, machine: { cores: 4 } });
  const played = [
    ["cores", 16],
    ["workers", 7],
    ["interval", 1000],
    ["share", 30],
  ] as const;
  const changed = played.reduce((text, [name, to]) => setField(text, name, to, KNOWN), original);
  for (const [name, to] of played) assert.equal(value(changed, name), to);
  assert.deepEqual(JSON.parse(resetPlay(changed, original, KNOWN)), JSON.parse(original));
  const more = setField(addPool(changed, "interpreters", [32]), "python", 9, KNOWN);
  const back = resetPlay(more, original, KNOWN);
  assert.deepEqual([value(back, "python"), value(back, "cores")], [9, 4]);
  assert.deepEqual((JSON.parse(back) as { strategies: unknown }).strategies, [...strategies, { interpreters: 32 }]);
});

test("the sentence says what the document says", () => {
  const text = prettyJson(ownQuestion());
  const { work, fields, pools, runtimes } = read(text);
  assert.equal(work, "count");
  const said = [fields.count, fields.python, fields.wait, fields.c, fields.cores, fields.interval];
  assert.deepEqual(said.map((field) => field.value), [200, 2, 50, 0, 4, 5000]);
  assert.deepEqual(pools[1]?.sizes, [4, 8, 16, 32, 64, 128, 200]);
  assert.deepEqual(runtimes.map(({ base }) => base), ["cpython-3.14", "cpython-3.14t"]);
});

test("a field that is changed says its new value, and so does no other", () => {
  const text = document([{ python_us: 2000 }, { io_us: 50000 }], { strategies: [{ threads: 32 }], machine: { cores: 4 } });
  const numbers: Partial<Record<FieldName, number>> = { count: 500, python: 5, wait: 0.25, c: 3, workers: 7, interval: 100 };
  for (const [name, wanted] of Object.entries(numbers) as [FieldName, number][]) {
    const changed = setField(text, name, wanted, KNOWN);
    const { fields } = read(changed);
    assert.equal(fields[name].value, wanted, name);
    for (const other of Object.keys(numbers) as FieldName[]) {
      if (other !== name) assert.equal(fields[other].value, value(text, other), `${name} changed ${other}`);
    }
  }
});

test("a worker for each core stays one for each core, and other sizes stay", () => {
  const strategies = [{ threads: 32 }, { processes: 4 }, { processes: 4, each: { threads: 8 } }, { interpreters: 3 }];
  const text = setField(document([{ python_us: 1 }], { strategies, machine: { cores: 4 } }), "cores", 8, KNOWN);
  assert.deepEqual(read(text).pools.map(({ sizes }) => sizes), [[32], [8], [8], [3]]);
});

test("several steps of a kind are one sum, which is changed in proportion", () => {
  const text = document([{ python_us: 1200 }, { io_us: 5 }, { python_us: 800 }]);
  assert.deepEqual(read(text).fields.python, { value: 2, editable: true, note: "several" });
  assert.deepEqual(steps(setField(text, "python", 5, KNOWN)), [{ python_us: 3000 }, { io_us: 5 }, { python_us: 2000 }]);
});

test("a time that is drawn keeps its law", () => {
  const law = { dist: "lognormal", median: 50000, sigma: 0.5 };
  const text = document([{ python_us: 10 }, { io_us: law }]);
  assert.deepEqual(read(text).fields.wait, { value: 50, editable: true, note: "drawn" });
  assert.deepEqual(steps(setField(text, "wait", 10, KNOWN)), [{ python_us: 10 }, { io_us: { ...law, median: 10000 } }]);
});

test("what comes to nothing goes, and what was nothing comes", () => {
  const text = document([{ python_us: 10 }, { io_us: 20 }]);
  assert.deepEqual(steps(setField(text, "wait", 0, KNOWN)), [{ python_us: 10 }]);
  assert.deepEqual(steps(setField(setField(text, "wait", 0, KNOWN), "python", 0, KNOWN)), [{ python_us: 0 }]);
  assert.deepEqual(steps(setField(text, "c", 1, KNOWN)), [{ python_us: 10 }, { io_us: 20 }, { c_us: 1000, gil: "released" }]);
  const waits = document([{ io_us: 20 }]);
  assert.deepEqual(steps(setField(waits, "python", 1, KNOWN)), [{ python_us: 1000 }, { io_us: 20 }]);
});

test("C code is divided by who has the GIL meanwhile", () => {
  let text = document([{ c_us: 4000, gil: "held" }]);
  assert.equal(value(text, "share"), 0);
  for (const share of [25, 100, 60, 0]) {
    text = setField(text, "share", share, KNOWN);
    assert.equal(value(text, "share"), share);
    assert.equal(value(text, "c"), 4);
  }
  assert.deepEqual(steps(text), [{ c_us: 4000, gil: "held" }]);
});

test("what the sweep sets is not the form's, nor are its pointers moved", () => {
  const sweep = { "/machine/cores": [1, 2], "/workload/jobs/steps/0/python_us": [1, 2] };
  const text = document([{ python_us: 10 }, { io_us: 20 }], { sweep, machine: { cores: 4 } });
  assert.deepEqual(read(text).fields.cores, { value: 4, editable: false, note: "swept" });
  assert.equal(setField(text, "cores", 8, KNOWN), text);
  assert.equal(setField(text, "python", 8, KNOWN), text);
  assert.deepEqual(steps(setField(text, "wait", 0, KNOWN)), [{ python_us: 10 }, { io_us: 0 }]);
});

test("the switch interval is a member of runtimes that have one", () => {
  const text = document([{ python_us: 10 }], { runtimes: ["cpython-3.12", "cpython-3.14t", { base: "cpython-3.9", wake_up: 1 }] });
  const changed = setField(text, "interval", 100, KNOWN);
  assert.deepEqual((JSON.parse(changed) as { runtimes: unknown }).runtimes, [
    { base: "cpython-3.12", switch_interval_us: 100 },
    "cpython-3.14t",
    { base: "cpython-3.9", wake_up: 1, switch_interval_us: 100 },
  ]);
  const back = JSON.parse(setField(changed, "interval", 5000, KNOWN)) as { runtimes: unknown[] };
  assert.equal(back.runtimes[0], "cpython-3.12");
  const differing = document([{ python_us: 1 }], { runtimes: ["cpython-3.12", { base: "cpython-3.12", switch_interval_us: 1 }] });
  assert.equal(read(differing).fields.interval.note, "differs");
});

test("runtimes and strategies are added at the end", () => {
  const text = addPool(addRuntime(document([{ python_us: 1 }]), "cpython-3.9"), "processes", [6, 12]);
  const { runtimes, pools } = read(text);
  assert.equal(runtimes.at(-1)?.base, "cpython-3.9");
  assert.deepEqual(pools.map(({ kind, sizes }) => [kind, sizes]), [["processes", [6, 12]]]);
});

/* Whatever is in them: a field says what it was set to, the rest of the document stays. */
test("every example can be read, and keeps what the form does not speak about", () => {
  const folder = join(process.env.GILSCOPE_WEB ?? ".", "../server/examples");
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".json"))) {
    const text = readFileSync(join(folder, name), "utf8");
    const { fields, work } = read(text);
    assert.equal(work === "actors", text.includes('"actors"'), name);
    for (const field of ["count", "python", "wait", "cores", "workers", "rate"] as const) {
      if (!fields[field].editable || fields[field].value === null) continue;
      const changed = setField(text, field, 16, KNOWN);
      assert.equal(value(changed, field), 16, `${name} ${field}`);
      const { workload: before, machine: m0, strategies: s0, ...rest } = JSON.parse(text);
      const { workload: after, machine: m1, strategies: s1, ...kept } = JSON.parse(changed);
      assert.deepEqual(kept, rest, name);
    }
  }
});
