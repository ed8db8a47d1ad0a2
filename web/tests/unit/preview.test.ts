// SPDX-License-Identifier: MIT
// Previews: the last change wins, one is on its way at a time, and nothing is stored.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { WirePicture } from "../../src/api";
import { answerWith, asked, installBrowser, runTimers, settle } from "./browser-stub";

installBrowser();
const state = await import("../../src/state/preview");
const { tellingCell } = await import("../../src/state/miniatures");
const { decodePicture, pictureShares, pictureStates } = await import("../../src/lib/picture");

const PICTURE: WirePicture = {
  states: ["running", "wait_gil", "held", "free"],
  lanes: [
    { id: 0, kind: "thread", name: "a", parent: -1, born_ns: 0, died_ns: 100, totals: { running: 60, wait_gil: 20 } },
    { id: 1, kind: "gil", name: "GIL", parent: -1, born_ns: 0, died_ns: 100, totals: { held: 60, free: 40 } },
  ],
  timeline: {
    from: 0,
    to: 100,
    pixels: 10,
    lanes: [
      { id: 0, start: [0, 60], end: [60, 80], state: [0, 1], resource: [-1, 1], by: [-1, -1], site: [0, 0], count: [1, 1] },
      { id: 1, start: [0, 60], end: [60, 100], state: [2, 3], resource: [0, -1], by: [-1, -1], site: [0, 0], count: [1, 1] },
    ],
    instants: { lane: [], at: [], kind: [], by: [], count: [] },
    counters: [],
  },
};

function answerOf(status: string) {
  const runs = [{ id: "r1", repetition: 0, status, fingerprint: null, has_timeline: false, picture: PICTURE }];
  return { status: 200, body: { cells: [{ index: 0, status, runs }], document: {} } };
}

const text = (seed: number): string => `{"schema": 1, "repetitions": 3, "seed": ${seed}}`;
const seeds = (): unknown[] => asked.map(({ body }) => (JSON.parse(body ?? "") as { seed: number }).seed);

beforeEach(() => {
  state.forgetPreview();
  asked.length = 0;
});

test("a preview is of one repetition, and nothing else is asked for", async () => {
  answerWith(() => answerOf("done"));
  state.showPreview(text(1));
  await settle();
  assert.match(asked[0]?.path ?? "", /^\/api\/v1\/preview\?client=ask-\w+&pixels=\d+&lanes=\d+$/);
  assert.equal(asked[0]?.body, text(1).replace("3", "1"));
  assert.equal(asked.length, 1);
  assert.equal(state.preview.value?.text, text(1));
  assert.deepEqual(state.preview.value?.cells[0]?.picture?.lanes.map(({ kind }) => kind), ["gil", "thread"]);
  assert.equal(state.isCutShort.value, false);
});

test("what is changed while one is on its way waits, and only the last of it is asked for", async () => {
  answerWith(() => answerOf("limited"));
  for (let seed = 1; seed <= 5; seed++) state.showPreview(text(seed));
  assert.deepEqual(seeds(), [1]);
  await settle();
  assert.deepEqual(seeds(), [1, 5]);
  await settle();
  assert.equal(state.preview.value?.text, text(5));
  assert.equal(state.isCutShort.value, true);
});

test("what takes too long is given up", async () => {
  answerWith(({ body }) => (body?.includes('"seed": 1') ? new Promise<never>(() => undefined) : answerOf("done")));
  state.showPreview(text(1));
  state.showPreview(text(2));
  assert.deepEqual(seeds(), [1]);
  runTimers();
  assert.equal(asked[0]?.signal?.aborted, true);
  await settle();
  assert.deepEqual(seeds(), [1, 2]);
  assert.equal(state.preview.value?.text, text(2));
});

test("what waited is not given up when its time comes after it has begun", async () => {
  const answers: ((answer: ReturnType<typeof answerOf>) => void)[] = [];
  answerWith(() => new Promise((resolve) => answers.push(resolve)));
  state.showPreview(text(1));
  state.showPreview(text(2));
  answers[0]?.(answerOf("done"));
  await settle();
  assert.deepEqual(seeds(), [1, 2]);
  runTimers();
  assert.equal(asked[1]?.signal?.aborted, false);
  answers[1]?.(answerOf("done"));
  await settle();
  assert.equal(state.preview.value?.text, text(2));
});

for (const [what, status] of [["a busy server", 503], ["a server that took an older question for the newer one", 409]] as const) {
  test(`${what} is asked again`, async () => {
    answerWith(() => ({ status, body: { title: "Not now", status } }));
    state.showPreview(text(1));
    await settle();
    assert.equal(state.trouble.value, null);
    answerWith(() => answerOf("done"), true);
    runTimers();
    await settle();
    assert.deepEqual(seeds(), [1]);
    assert.equal(state.preview.value?.text, text(1));
  });
}

test("cells for which there was no time come one part after the other", async () => {
  const document = {
    seed: 1,
    gate: [],
    runtimes: ["a", "b"],
    strategies: ["x", "y", "z"],
    sweep: { "/seed": [1, 2] },
  };
  // The server runs three cells a preview.
  answerWith(({ body }) => {
    const part = JSON.parse(body ?? "") as typeof document;
    const names = part.runtimes.flatMap((runtime) => part.strategies.flatMap((strategy) => [1, 2].map((seed) => runtime + strategy + seed)));
    const cells = names.map((name, index) => ({
      id: `c${index + 1}`,
      index,
      runtime: name,
      status: index < 3 ? "done" : "interrupted",
      runs: [],
    }));
    return { status: 200, body: { document, cells } };
  });
  state.showPreview(JSON.stringify(document));
  await settle();
  await settle();
  await settle();
  const cells = state.preview.value?.cells.map(({ cell }) => cell) ?? [];
  assert.deepEqual(
    cells.map(({ id, index, runtime, status }) => [id, index, runtime, status].join()),
    ["ax1", "ax2", "ay1", "ay2", "az1", "az2", "bx1", "bx2", "by1", "by2", "bz1", "bz2"].map((name, i) => `c${i + 1},${i},${name},done`),
  );
  assert.ok(asked.slice(1).every(({ body }) => !body?.includes("gate")));
  assert.equal(state.previewing.value, false);
});

test("a refusal is of its text; what is only too large is no fault of it", async () => {
  const refusal = (pointer: string) => ({
    status: 422,
    body: { title: "Invalid", status: 422, errors: [{ pointer, detail: "no" }] },
  });
  answerWith(() => refusal("/seed"));
  state.showPreview(text(1));
  await settle();
  assert.equal(state.trouble.value?.text, text(1));
  assert.equal(state.trouble.value?.isTooLarge, false);
  answerWith(() => refusal("/repetitions"));
  const large = JSON.stringify({ sweep: { "/seed": Array.from({ length: 300 }, (_, seed) => seed) } });
  state.showPreview(large);
  await settle();
  assert.equal(state.trouble.value?.isTooLarge, true);
  answerWith(() => answerOf("done"));
  state.showPreview(text(2));
  await settle();
  assert.equal(state.trouble.value, null);
});

test("what is no JSON is not asked for, and what is typed only when it rests", async () => {
  answerWith(() => answerOf("done"));
  state.showPreview("{");
  state.showPreview(text(1), 250);
  state.showPreview(text(2), 250);
  await settle();
  assert.deepEqual(seeds(), []);
  runTimers();
  await settle();
  assert.deepEqual(seeds(), [2]);
});

test("a picture says how the time was spent, and which states are seen", () => {
  const picture = decodePicture(PICTURE);
  assert.deepEqual(pictureShares(picture), [
    { state: "running", share: 0.75 },
    { state: "wait_gil", share: 0.25 },
  ]);
  assert.deepEqual([...pictureStates([picture])].sort(), ["held", "running", "wait_gil"]);
});

test("a card shows one cell", () => {
  const document = {
    runtimes: ["a", "b"],
    strategies: ["x", "y"],
    sweep: { "/seed": [1, 2, 3] },
    gate: [{ metric: "cpu_us", max: 1 }],
    limits: { spans: 9 },
  };
  assert.deepEqual(tellingCell(document, { runtime: 1, sweep: 0, events: 70 }), {
    repetitions: 1,
    runtimes: ["b"],
    strategies: ["y"],
    sweep: { "/seed": [1] },
    limits: { spans: 9, events: 70 },
  });
});
