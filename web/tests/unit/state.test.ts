// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { ApiError, type Cell, type GateResult, type GateVerdict, getExperiment, type MetricSpread } from "../../src/api";
import { wholeRun } from "../../src/lib/route";
import { answerWith, asked, installBrowser, runTimers, settle, sources } from "./browser-stub";

const NS = 1_000_000;

type Modules = {
  advice: typeof import("../../src/state/advice");
  ask: typeof import("../../src/state/ask");
  blame: typeof import("../../src/state/blame");
  catalogue: typeof import("../../src/state/catalogue");
  cells: typeof import("../../src/state/cells");
  counters: typeof import("../../src/state/counters");
  experiment: typeof import("../../src/state/experiment");
  history: typeof import("../../src/state/history");
  names: typeof import("../../src/state/names");
  preferences: typeof import("../../src/state/preferences");
  range: typeof import("../../src/state/range");
  reach: typeof import("../../src/state/reach");
  runs: typeof import("../../src/state/runs");
  search: typeof import("../../src/state/search");
  session: typeof import("../../src/state/session");
  stops: typeof import("../../src/state/stops");
  timeline: typeof import("../../src/state/timeline") &
    typeof import("../../src/state/opened") &
    typeof import("../../src/state/viewport") &
    typeof import("../../src/state/arrangement") &
    typeof import("../../src/state/lane-rows");
  walk: typeof import("../../src/state/walk");
};

let state: Modules;

before(async () => {
  installBrowser();
  state = {
    advice: await import("../../src/state/advice"),
    ask: await import("../../src/state/ask"),
    blame: await import("../../src/state/blame"),
    catalogue: await import("../../src/state/catalogue"),
    cells: await import("../../src/state/cells"),
    counters: await import("../../src/state/counters"),
    experiment: await import("../../src/state/experiment"),
    history: await import("../../src/state/history"),
    names: await import("../../src/state/names"),
    preferences: await import("../../src/state/preferences"),
    range: await import("../../src/state/range"),
    reach: await import("../../src/state/reach"),
    runs: await import("../../src/state/runs"),
    search: await import("../../src/state/search"),
    session: await import("../../src/state/session"),
    stops: await import("../../src/state/stops"),
    timeline: {
      ...(await import("../../src/state/timeline")),
      ...(await import("../../src/state/opened")),
      ...(await import("../../src/state/viewport")),
      ...(await import("../../src/state/arrangement")),
      ...(await import("../../src/state/lane-rows")),
    },
    walk: await import("../../src/state/walk"),
  };
  await state.preferences.languageReady;
});

/* --- whether the server answers --- */

test("the server is away when a question has no answer, and back with the next one", async () => {
  const { away, isPast, onBack } = state.reach;
  let back = 0;
  const stop = onBack(() => (back += 1));
  const ask = () => getExperiment("e1").catch((reason: unknown) => reason as ApiError);
  answerWith(() => Promise.reject(new TypeError("Failed to fetch")));
  const error = await ask();
  assert.ok(error instanceof ApiError && error.problem === null);
  assert.equal(away.value, true);
  assert.equal(isPast(error), false);
  answerWith(() => ({ status: 503, body: { title: "Stopping", status: 503 } }));
  await ask();
  assert.equal(away.value, true, "what stops is not back");
  answerWith(() => ({ status: 502, body: null }));
  const byProxy = await ask();
  assert.ok(byProxy instanceof ApiError && byProxy.isAway && away.value);
  answerWith(() => ({ status: 404, body: { title: "Not found", status: 404 } }));
  const missing = await ask();
  assert.deepEqual([away.value, back], [false, 1], "a refusal is an answer");
  assert.equal(isPast(error), true);
  assert.ok(missing instanceof ApiError && !isPast(missing));
  stop();
});

/* --- preferences --- */

test("the browser's language counts until another is chosen", async () => {
  const { language, chooseLanguage, t } = state.preferences;
  assert.equal(language.value, "pl");
  assert.equal(t("nav.runs"), "Przebiegi");
  await chooseLanguage("en");
  assert.equal(t("nav.runs"), "Runs");
  assert.equal(localStorage.getItem("gilscope.language"), "en");
});

test("the theme follows the system until one is chosen", () => {
  const { theme, chooseTheme } = state.preferences;
  assert.equal(theme.value, "light");
  chooseTheme("dark");
  assert.equal(document.documentElement.dataset.theme, "dark");
  chooseTheme("system");
  assert.equal(theme.value, "light");
});

/* --- session --- */

test("a refused request asks for the token, which is kept nowhere", async () => {
  const { reloadRuns } = state.runs;
  const { signedOut, submitToken } = state.session;
  const refused = { status: 401, body: { title: "Unauthorized", status: 401 } };
  answerWith(() => refused);
  reloadRuns();
  await settle();
  assert.equal(signedOut.value, true);
  assert.equal((await submitToken("wrong"))?.problem?.status, 401);
  assert.equal(signedOut.value, true);
  answerWith(() => ({ status: 204, body: null }));
  assert.equal(await submitToken("right"), null);
  assert.equal(signedOut.value, false);
  assert.equal(asked[0]?.path, "/api/v1/session");
  assert.equal(asked[0]?.body, '{"token":"right"}');
});

/* --- ask --- */

test("the document is sent as it was written, and a refusal keeps its pointers", async () => {
  const { draft, editDraft, openDocument, refusal, submitDraft } = state.ask;
  openDocument("preset.x", { schema: 1 });
  const text = '{"schema":   1, "sed": 2}';
  editDraft(text);
  answerWith(() => ({
    status: 422,
    body: {
      title: "Invalid document",
      status: 422,
      detail: "one field",
      errors: [{ pointer: "/sed", detail: "unknown field 'sed'", message: "unknown field {0}", values: ["'sed'"] }],
    },
  }));
  assert.equal(await submitDraft(), null);
  assert.equal(asked[0]?.body, text);
  assert.equal(draft.value, text);
  assert.deepEqual(refusal.value?.problem?.errors, [
    { pointer: "/sed", detail: "unknown field 'sed'", message: "unknown field {0}", values: ["'sed'"] },
  ]);
  editDraft(text);
  assert.notEqual(refusal.value, null, "the same text is refused still");
  editDraft("{}");
  assert.equal(refusal.value, null);
  answerWith(() => ({ status: 201, body: { id: "e7" } }));
  assert.equal(await submitDraft(), "e7");
  assert.equal(refusal.value, null);
});

test("what is not JSON is not sent", async () => {
  state.ask.editDraft("{");
  answerWith(() => ({ status: 201, body: { id: "e8" } }));
  assert.equal(await state.ask.submitDraft(), null);
  assert.equal(asked.length, 0);
});

test("a draft outlives a look at another preset, and can be undone", () => {
  const { changed, draft, editDraft, openDocument, resetDraft } = state.ask;
  openDocument("preset.a", { name: "a" });
  editDraft('{"name": "mine"}');
  openDocument("preset.b", { name: "b" });
  assert.match(draft.value, /"b"/);
  openDocument("preset.a", { name: "a" });
  assert.equal(draft.value, '{"name": "mine"}');
  assert.equal(changed.value, true);
  resetDraft();
  assert.equal(changed.value, false);
});

test("no answer at all is an error without a problem", async () => {
  state.ask.editDraft("{}");
  answerWith(() => Promise.reject(new TypeError("network")));
  assert.equal(await state.ask.submitDraft(), null);
  assert.equal(state.ask.refusal.value?.problem, null);
});

/* --- experiment --- */

function spreadOf(median: number): MetricSpread {
  const point: [number, number] = [median, median];
  return {
    n: 2,
    median,
    median_95: point,
    mean: median,
    mean_95: point,
    min: median,
    max: median,
  };
}

function cellOf(id: string, status: Cell["status"], median: number | null): Cell {
  return {
    id,
    index: 0,
    runtime: "cpython-3.12",
    strategy: "actors",
    point: { "/workload/actors/0/thread": 2 },
    status,
    reason: null,
    metrics: median === null ? {} : { makespan_us: spreadOf(median) },
    runs: [],
  };
}

function experimentOf(status: string, cells: Cell[]) {
  const done = cells.filter((cell) => cell.status === "done").length;
  return {
    id: "e1",
    name: "E",
    status,
    reason: null,
    created_ms: 0,
    engine_version: "1",
    cells_done: done,
    document: { workload: { actors: [{ name: "spinner" }] } },
    cells,
    gates: [] as GateResult[],
  };
}

/** Answers for an experiment, and for pages of its cells. */
function answerFor(now: () => ReturnType<typeof experimentOf>): void {
  answerWith(({ path }) => {
    const page = /cells\?limit=(\d+)(?:&after=(\d+))?/.exec(path);
    if (!page) return { status: 200, body: now() };
    const first = page[2] === undefined ? 0 : Number(page[2]) + 1;
    return { status: 200, body: { items: now().cells.slice(first, first + Number(page[1])) } };
  });
}

test("an experiment under way is followed, its cells read as they finish, and let go at its end", async () => {
  const { experiment, watchExperiment } = state.experiment;
  let now = experimentOf("running", [cellOf("c1", "running", null)]);
  answerFor(() => now);
  const stop = watchExperiment("e1");
  await settle();
  const source = sources[0];
  assert.match(source?.address ?? "", /events\?topics=e1$/);
  source?.onopen?.();
  source?.emit("progress", {
    experiment: "e1",
    status: "running",
    cells: 1,
    cells_done: 0,
    events: 5,
  });
  assert.equal(state.experiment.progress.value?.events, 5);

  const before = asked.length;
  now = experimentOf("running", [cellOf("c1", "done", 70)]);
  source?.emit("cells", {
    experiment: "e1",
    cells: [{ cell: "c1", index: 0, status: "done" }],
  });
  await settle();
  assert.equal(asked.length, before + 1);
  const shown = experiment.value;
  assert.ok(shown.status === "ready");
  assert.equal(shown.value.cells[0]?.metrics?.makespan_us?.median, 70);

  source?.onerror?.();
  source?.onopen?.();
  await settle();
  assert.equal(asked.length, before + 2, "a reconnection reads what was missed");

  now = experimentOf("done", [cellOf("c1", "done", 70)]);
  source?.emit("finished", { experiment: "e1", status: "done" });
  await settle();
  assert.equal(source?.readyState, 2);
  stop();
});

test("of many cells those that changed are read, at a pace", async () => {
  const { experiment, watchExperiment } = state.experiment;
  const cells = Array.from({ length: 1000 }, (_, index) => ({
    ...cellOf(`c${index + 1}`, "pending", null),
    index,
  }));
  const end = (...indexes: number[]): void => {
    for (const index of indexes) {
      cells[index] = { ...cellOf(`c${index + 1}`, "done", index), index };
    }
    sources[0]?.emit("cells", {
      experiment: "e1",
      cells: indexes.map((index) => ({ cell: `c${index + 1}`, index, status: "done" })),
    });
  };
  answerFor(() => experimentOf("running", [...cells]));
  const stop = watchExperiment("e1");
  await settle();
  const shown = (): Cell[] =>
    experiment.value.status === "ready" ? experiment.value.value.cells : [];
  const before = shown();
  asked.length = 0;
  end(0, 1, 3, 700);
  await settle();
  const paths = (): string[] => asked.map(({ path }) => path.replace(/.*e1/, ""));
  assert.deepEqual(paths(), ["/cells?limit=4", "/cells?limit=1&after=699"]);
  assert.equal(shown()[700]?.metrics?.makespan_us?.median, 700);
  assert.equal(shown()[999], before[999], "what did not change is what it was");
  // What ends during the rest is read after it, together.
  end(4);
  end(203);
  end(204);
  await settle();
  assert.equal(asked.length, 2);
  runTimers();
  await settle();
  assert.deepEqual(paths().slice(2), ["/cells?limit=200&after=3", "/cells?limit=1&after=203"]);
  assert.equal(shown()[204]?.status, "done");
  stop();
  end(5);
  runTimers();
  await settle();
  assert.equal(asked.length, 4);
});

test("an answer that is older than what came after it loses no cell", async () => {
  const { experiment, watchExperiment } = state.experiment;
  const before = experimentOf("running", [cellOf("c1", "running", null)]);
  const after = [cellOf("c1", "done", 70)];
  let late = (): void => {};
  let wholes = 0;
  answerWith(({ path }) => {
    if (path.includes("/cells")) return { status: 200, body: { items: after } };
    wholes += 1;
    if (wholes === 1) return { status: 200, body: before };
    return new Promise((resolve) => {
      late = () => resolve({ status: 200, body: before });
    });
  });
  const stop = watchExperiment("e1");
  await settle();
  // Only when the stream is there nothing can be missed any more.
  assert.equal(wholes, 1);
  sources[0]?.onopen?.();
  await settle();
  assert.equal(wholes, 2);
  sources[0]?.emit("cells", {
    experiment: "e1",
    cells: [{ cell: "c1", index: 0, status: "done" }],
  });
  await settle();
  late();
  await settle();
  runTimers();
  await settle();
  const shown = experiment.value;
  assert.ok(shown.status === "ready");
  assert.equal(shown.value.cells[0]?.metrics?.makespan_us?.median, 70);
  stop();
});

test("gates are judged again while cells end, without all that the cells know", async () => {
  const { experiment, watchExperiment } = state.experiment;
  const gate = (verdict: GateVerdict): GateResult => ({
    metric: "makespan_us",
    min: null,
    max: 60,
    over: "median",
    cells: [{ cell: "c1", verdict, value: null }],
  });
  let now = { ...experimentOf("running", [cellOf("c1", "running", null)]), gates: [gate("pending")] };
  answerFor(() => now);
  const stop = watchExperiment("e1");
  await settle();
  asked.length = 0;
  now = { ...experimentOf("running", [cellOf("c1", "done", 70)]), gates: [gate("fails")] };
  sources[0]?.emit("cells", {
    experiment: "e1",
    cells: [{ cell: "c1", index: 0, status: "done" }],
  });
  await settle();
  assert.match(asked.map(({ path }) => path).join(" "), /cells\?limit=1 .*\/e1\?metrics=$/);
  const shown = experiment.value;
  assert.ok(shown.status === "ready");
  assert.equal(shown.value.gates[0]?.cells[0]?.verdict, "fails");
  stop();
});

/* --- advice --- */

test("advice is asked for again as cells end, until it knows all of them", async () => {
  const { advice, watchAdvice } = state.advice;
  let done = 1;
  let known = 1;
  let complete = false;
  const cells = ["c1", "c2", "c3"].map((id, index) => ({ ...cellOf(id, "running", null), index }));
  const running = () => ({
    ...experimentOf(complete ? "done" : "running", cells),
    cells_done: done,
  });
  answerWith(({ path }) => ({
    status: 200,
    body: path.endsWith("/advice")
      ? { complete, cells: 3, cells_done: known, recommendations: [], curves: [] }
      : running(),
  }));
  const stopWatching = state.experiment.watchExperiment("e1");
  const stop = watchAdvice("e1");
  await settle();
  const questions = (): number => asked.filter(({ path }) => path.endsWith("/advice")).length;
  assert.equal(questions(), 1);
  assert.equal(advice.value?.cells_done, 1);
  runTimers();
  await settle();
  assert.equal(questions(), 1, "nothing has ended since");
  // The server still gives what it said before: it is asked again after a rest.
  done = 2;
  sources[0]?.emit("resync", {});
  await settle();
  assert.equal(questions(), 2);
  known = 2;
  runTimers();
  await settle();
  assert.equal(questions(), 3);
  assert.equal(advice.value?.complete, false);
  // What is over is asked about once more, also when no more cells have ended.
  complete = true;
  runTimers();
  sources[0]?.emit("finished", { experiment: "e1", status: "done" });
  await settle();
  assert.equal(advice.value?.complete, true);
  runTimers();
  await settle();
  assert.equal(questions(), 4);
  stop();
  stopWatching();
});

test("a finished experiment is not followed", async () => {
  answerWith(() => ({ status: 200, body: experimentOf("done", [cellOf("c1", "done", 1)]) }));
  const stop = state.experiment.watchExperiment("e1");
  await settle();
  assert.equal(sources.length, 0);
  stop();
});

test("the best cell is marked when all are there and they differ", async () => {
  const { bestCells } = state.cells;
  const makespan = { name: "makespan_us", unit: "us", meaning: "", better: "lower" };
  answerWith(() => ({ status: 200, body: { items: [makespan] } }));
  await state.catalogue.metrics.reload();
  const done = [cellOf("a", "done", 5), cellOf("b", "done", 9)];
  assert.deepEqual([...bestCells(done, "makespan_us")], ["a"]);
  assert.equal(bestCells([...done, cellOf("c", "running", null)], "makespan_us").size, 0);
  assert.equal(bestCells([cellOf("a", "done", 5), cellOf("b", "done", 5)], "makespan_us").size, 0);
  assert.equal(bestCells(done, "of_no_direction").size, 0);
});

test("a cell that has the metric in some of its runs only is not the best", () => {
  const { bestCells } = state.cells;
  const half = cellOf("c1", "done", 10);
  const cells: Cell[] = [
    { ...half, metrics: { ...half.metrics, unstable: { ...spreadOf(1), n: 3 } } },
    cellOf("c2", "done", 20),
    cellOf("c3", "done", 30),
  ];
  assert.deepEqual([...bestCells(cells, "makespan_us")], ["c2"]);
});

test("cells of different sweep points do not compete", () => {
  const { bestCells } = state.cells;
  const at = (id: string, threads: number, median: number): Cell => ({
    ...cellOf(id, "done", median),
    point: { "/workload/actors/0/thread": threads },
  });
  const swept = [at("a", 1, 5), at("b", 2, 9)];
  assert.deepEqual([...bestCells(swept, "makespan_us")], []);
  const both = [...swept, at("c", 1, 4), at("d", 2, 11)];
  assert.deepEqual([...bestCells(both, "makespan_us")].sort(), ["b", "c"]);
});

test("a stored experiment with the name of an example is named as the example is", async () => {
  const { experimentName } = state.catalogue;
  const { chooseLanguage } = state.preferences;
  await chooseLanguage("pl");
  assert.equal(experimentName("Threads that wait for I/O"), "Wątki czekające na I/O");
  assert.equal(experimentName("mine"), "mine");
  assert.equal(experimentName(""), "Bez nazwy");
  await chooseLanguage("en");
  assert.equal(experimentName("Threads that wait for I/O"), "Threads that wait for I/O");
});

test("a cell is named by runtime and sweep point; actors are no strategy", () => {
  const { document } = experimentOf("done", []);
  const name = state.names.cellName(cellOf("a", "done", 5), document);
  assert.equal(name, "CPython 3.12 · spinner: threads 2");
});

test("runtimes and strategies have the same names in the reader's language everywhere", async () => {
  const { modelName, poolName, runtimeName, strategyName } = state.names;
  const { chooseLanguage } = state.preferences;
  const nested = "processes(4, each=asyncio(100, to_thread=2), start=spawn)";
  assert.equal(runtimeName("cpython-3.14t"), "CPython 3.14t (no GIL)");
  assert.equal(runtimeName("cpython-3.9 (switch_interval_us=1000)"), "CPython 3.9 (switch interval 1\u202fms)");
  assert.equal(runtimeName("pypy-9"), "pypy-9");
  assert.equal(strategyName("threads(1)"), "1 thread");
  assert.equal(strategyName("asyncio(100)"), "asyncio, 100 at a time");
  assert.equal(
    strategyName(nested),
    "4 processes, each with asyncio, 100 at a time, to_thread with 2 threads, start: spawn",
  );
  assert.equal(strategyName("actors"), "");
  assert.equal(strategyName("rockets(3)"), "rockets(3)");
  assert.equal(poolName("processes(N, chunk=10)"), "processes, chunks of 10 jobs");
  await chooseLanguage("pl");
  assert.equal(modelName({ runtime: "cpython-3.14t", strategy: "threads(32)" }), "32 wątki na CPython 3.14t (bez GIL-a)");
  assert.equal(strategyName("processes(5, each=threads(8))"), "5 procesów, w każdym 8 wątków");
  await chooseLanguage("en");
});

test("what a sweep sets is named and has its unit", () => {
  const { fieldTitle, fieldValue, fieldWords } = state.names;
  const document = {
    sweep: { "/workload/jobs/steps/0/python_us": [1], "/workload/jobs/steps/2/python_us": [2], "/machine/cores": [1] },
    workload: { actors: [{ name: "spinner", thread: 1 }] },
  };
  assert.equal(fieldTitle("/machine/cores", document), "Cores");
  assert.equal(fieldTitle("/workload/actors/0/thread", document), "spinner: threads");
  assert.equal(fieldWords("/workload/jobs/steps/2/python_us", document), "Python, step 3");
  assert.equal(fieldWords("/workload/objects/orders/queue", document), "orders: length of the queue");
  assert.equal(fieldWords("/machine/wake_deep_us", document), "wake_deep_us");
  assert.equal(fieldTitle("/machine/wake_deep_us", document), "wake_deep_us");
  assert.equal(fieldWords("/runtimes/0", document), "runtime 1");
  assert.equal(fieldWords("/strategies/1", document), "strategy 2");
  assert.equal(fieldValue("/workload/jobs/steps/2/python_us", 30000), "30\u202fms");
  assert.equal(fieldValue("/workload/jobs/arrivals/rate_per_s", 50), "50\u202f/s");
  assert.equal(fieldValue("/workload/jobs/steps/2/gil", "held"), "held");
  assert.equal(fieldValue("/workload/objects/database", { async_semaphore: 4 }), "async semaphore 4");
  assert.equal(fieldValue("/runtimes/0", "cpython-3.9"), "CPython 3.9");
  assert.equal(fieldValue("/runtimes/0/switch_interval_us", 5000), "5\u202fms");
  assert.equal(fieldValue("/strategies/0/threads", 2000), "2,000");
});

test("a grid is read by its goal, else by the makespan, else by what there is", () => {
  const { defaultMetric } = state.cells;
  assert.equal(defaultMetric({ goal: "cpu_us" }, ["makespan_us", "cpu_us"]), "cpu_us");
  assert.equal(defaultMetric({ goal: "other" }, ["cpu_us", "makespan_us"]), "makespan_us");
  assert.equal(defaultMetric({}, ["cpu_us"]), "cpu_us");
  assert.equal(defaultMetric({}, []), null);
});

/* --- runs --- */

const item = (id: string) => ({ id, name: id, status: "done", created_ms: 0, cells: 1, cells_done: 1 });

test("pages of the list join without doubles", async () => {
  answerWith(({ path }) =>
    path.includes("after=T2")
      ? { status: 200, body: { items: [item("e1")], next: null } }
      : { status: 200, body: { items: [item("e3"), item("e2")], next: "T2" } },
  );
  state.runs.reloadRuns();
  await settle();
  await state.runs.readMoreRuns();
  const list = state.runs.runList.value;
  assert.ok(list.status === "ready");
  assert.deepEqual(
    list.value.items.map(({ id }) => id),
    ["e3", "e2", "e1"],
  );
  assert.equal(list.value.next, null);
});

test("news in between do not take back that new experiments are to be shown", async () => {
  const { refreshRuns, reloadRuns, runList, showNewRuns } = state.runs;
  const ids = (): string[] => (runList.value.status === "ready" ? runList.value.value.items.map(({ id }) => id) : []);
  let items = [item("e1")];
  answerWith(() => ({ status: 200, body: { items, next: null } }));
  reloadRuns();
  await settle();
  items = [item("e2"), item("e1")];
  refreshRuns();
  await settle();
  assert.deepEqual([ids(), state.runs.newRuns.value], [["e1"], 1]);
  showNewRuns();
  refreshRuns();
  await settle();
  assert.deepEqual([ids(), state.runs.newRuns.value], [["e2", "e1"], 0]);
});

/* --- timeline --- */

const DURATION = 100 * NS;
const STATES = ["running", "wait_gil", "held"];
const COUNTERS = ["ready_threads", "gil_waiters"];

/* One thread waits from the beginning to the end, except where they change places. */
const GIL_WAITERS = {
  lane: 0,
  kind: 1,
  before: 1,
  at: [DURATION / 2, DURATION / 2 + NS],
  min: [0, 1],
  max: [0, 1],
  last: [0, 1],
  count: [1, 1],
};

/* Thread 1 runs, thread 2 waits for the GIL (lane 0) that 1 holds; then the other way round. */
function timelineAnswer(path: string) {
  const query = new URLSearchParams(path.split("?")[1]);
  const only = query.get("lanes")?.split(",").map(Number) ?? [0, 1, 2];
  const half = DURATION / 2;
  const column = (...values: number[]) => values;
  const lane = (id: number, states: number[], resource: number[], by: number[]) => ({
    id,
    start: column(0, half),
    end: column(half, DURATION),
    state: states,
    resource,
    by,
    site: column(-1, -1),
    count: column(1, 1),
  });
  const lanes = [
    lane(0, [2, 2], [1, 2], [-1, -1]),
    lane(1, [0, 1], [-1, 0], [-1, 2]),
    lane(2, [1, 0], [0, -1], [1, -1]),
  ];
  return {
    from: Number(query.get("from")),
    to: Number(query.get("to")),
    pixels: Number(query.get("pixels")),
    lanes: lanes.filter(({ id }) => only.includes(id)),
    instants: { lane: [], at: [], kind: [], by: [], count: [] },
    counters: only.includes(0) ? [GIL_WAITERS] : [],
  };
}

const wireSpan = (lane: number, start: number, state: string, by: number) => ({
  lane,
  start,
  end: start + DURATION / 2,
  state,
  resource: 0,
  by,
  site: -1,
});

/* The wait of thread 2 is ended by thread 1 at half time, and nothing else is known. */
function spanAnswer(path: string): unknown {
  const query = new URLSearchParams(path.split("?")[1]);
  if (path.includes("/spans/next")) return { span: null, damages: [{ what: "gone" }] };
  const running = wireSpan(1, 0, "running", -1);
  const wait = wireSpan(2, 0, "wait_gil", 1);
  const flow = { kind: "gil", left: DURATION / 2, at: DURATION / 2, from: running };
  return query.get("lane") === "2"
    ? { span: wait, flow, ended: [], damages: [] }
    : { span: running, flow: null, ended: [wait], damages: [] };
}

/* Thread 1 held it for half of the wait, nobody for the rest; one piece is missing. */
const BLAME_ANSWER = {
  waiter: [2, 2, 2],
  wait: [1, 1, 0],
  holder: [1, -1, 1],
  ns: [DURATION / 4, DURATION / 4, 7],
  damages: [{ what: "a chunk" }],
};

function runAnswer(path: string): unknown {
  if (path.includes("/range?")) return { lanes: [], waits: [], damages: [] };
  if (path.includes("/blame?")) return BLAME_ANSWER;
  if (path.includes("/spans/")) return spanAnswer(path);
  if (path.includes("/timeline")) return timelineAnswer(path);
  if (path.endsWith("/metrics")) return { items: [] };
  if (path.endsWith("/lanes")) {
    const lane = (id: number, kind: string) => ({
      id,
      kind,
      name: `${kind} ${id}`,
      parent: -1,
      born_ns: 0,
      died_ns: DURATION,
      totals: { running: 1 },
    });
    const items = [lane(0, "gil"), lane(1, "thread"), lane(2, "thread")];
    return { states: STATES, instants: [], counters: COUNTERS, sites: [], items };
  }
  if (path.includes("/experiments/")) return experimentOf("done", []);
  return {
    id: "r1",
    experiment: "e1",
    cell: "c1",
    repetition: 0,
    status: "done",
    fingerprint: "f",
    duration_ns: DURATION,
    events: 4,
    has_timeline: true,
    known_until: null,
    reason: null,
    not_modelled: [],
  };
}

const timelineRequests = () => asked.filter(({ path }) => path.includes("/timeline?"));
const windowOf = (path: string) => {
  const query = new URLSearchParams(path.split("?")[1]);
  return [Number(query.get("from")), Number(query.get("to"))];
};

async function openTimeline(): Promise<() => void> {
  answerWith(({ path }) => ({ status: 200, body: runAnswer(path) }));
  const close = state.timeline.openRun(wholeRun("r1"));
  await settle();
  state.timeline.width.value = 1000;
  runTimers();
  await settle();
  return close;
}

test("a run opens whole, and zooming asks once for the window with its margin", async () => {
  const close = await openTimeline();
  const { data, show, stale, viewport } = state.timeline;
  assert.deepEqual(viewport.value, { from: 0, to: DURATION });
  assert.ok(data.value);

  const before = timelineRequests().length;
  for (let i = 1; i <= 10; i++) show({ from: i * NS, to: DURATION - i * NS });
  show({ from: 40 * NS, to: 50 * NS });
  assert.equal(stale.value, true);
  assert.equal(timelineRequests().length, before, "nothing is asked while the hand moves");
  runTimers();
  await settle();
  const asks = timelineRequests().slice(before);
  assert.deepEqual(
    asks.map(({ path }) => windowOf(path)),
    [[30 * NS, 60 * NS]],
  );
  assert.equal(stale.value, false);

  show({ from: 42 * NS, to: 52 * NS });
  assert.equal(stale.value, false, "the margin serves a small step");
  close();
});

test("an address given from outside moves the open run, and no other", async () => {
  const close = await openTimeline();
  const { followRoute, restingViewport, selection, viewport } = state.timeline;
  const address = { ...wholeRun("r1"), from: 20 * NS, to: 30 * NS };
  followRoute({ ...address, run: "r2" });
  assert.deepEqual(viewport.value, { from: 0, to: DURATION });
  followRoute({ ...address, lane: 2, at: 25 * NS });
  assert.deepEqual(viewport.value, { from: 20 * NS, to: 30 * NS });
  assert.deepEqual(restingViewport.value, viewport.value, "the address is not written back");
  runTimers();
  await settle();
  assert.equal(selection.value?.lane, 2);
  followRoute(wholeRun("r1"));
  assert.deepEqual(viewport.value, { from: 0, to: DURATION });
  assert.equal(selection.value, null);
  close();
});

test("a newer question cancels the older one", async () => {
  const close = await openTimeline();
  const { show } = state.timeline;
  show({ from: 10 * NS, to: 12 * NS });
  runTimers();
  const first = timelineRequests()[timelineRequests().length - 1];
  show({ from: 80 * NS, to: 82 * NS });
  runTimers();
  assert.equal(first?.signal?.aborted, true);
  await settle();
  assert.equal(state.timeline.data.value?.from, 78 * NS);
  close();
});

test("a selected wait is blamed on who held the GIL, and one can step along the lane", async () => {
  const close = await openTimeline();
  const { findSpan, select, selection, step } = state.timeline;
  const { selectionBlame } = state.blame;
  select(findSpan(2, 10 * NS, 0));
  assert.equal(state.timeline.stateName(selection.value?.state ?? -1), "wait_gil");
  assert.deepEqual(selectionBlame.value?.shares, [{ holder: 1, ns: DURATION / 2, share: 1 }]);
  await settle();
  assert.deepEqual(selectionBlame.value, {
    shares: [{ holder: 1, ns: DURATION / 4, share: 0.5 }],
    freeNs: DURATION / 4,
    exact: true,
    damaged: 1,
  });
  step(1);
  assert.equal(selection.value?.start, DURATION / 2);
  assert.equal(selectionBlame.value, null);
  step(1);
  assert.equal(selection.value?.start, DURATION / 2, "the lane ends here");
  state.stops.stepRow(-1);
  assert.equal(selection.value?.lane, 1);
  close();
  assert.equal(selection.value, null);
});

test("a fetch that fails is told, tried again and forgotten once it works", async () => {
  const close = await openTimeline();
  const { fetchError, show } = state.timeline;
  answerWith(() => Promise.reject(new TypeError("network")));
  show({ from: 10 * NS, to: 12 * NS });
  runTimers();
  await settle();
  assert.ok(fetchError.value);
  answerWith(({ path }) => ({ status: 200, body: runAnswer(path) }), true);
  runTimers();
  await settle();
  assert.equal(fetchError.value, null);
  assert.equal(state.timeline.data.value?.from, 8 * NS);
  close();
});

test("the chain of blame is walked to its beginning and back the same way", async () => {
  const close = await openTimeline();
  const { findSpan, select, selection } = state.timeline;
  const { trail, walkBack, walkDamaged, walkEnd, walkOn } = state.walk;
  select(findSpan(2, 10 * NS, 0));
  await walkBack();
  assert.equal(selection.value?.lane, 1);
  assert.equal(state.timeline.stateName(selection.value?.state ?? -1), "running");
  assert.deepEqual(trail.value.map(({ lane }) => lane), [2]);
  await walkBack();
  assert.equal(selection.value?.lane, 1, "nothing lies before it");
  assert.equal(walkEnd.value, "start");
  assert.equal(walkDamaged.value, 1);
  await walkOn();
  assert.equal(selection.value?.lane, 2);
  assert.deepEqual(trail.value, []);
  select(findSpan(1, 10 * NS, 0));
  assert.equal(walkEnd.value, null);
  await walkOn();
  assert.equal(selection.value?.lane, 2, "whom it released");
  await walkOn();
  assert.equal(walkEnd.value, "end");
  select(null);
  await walkBack();
  assert.equal(selection.value, null);
  close();
});

test("a step that the server refuses is told and changes nothing", async () => {
  const close = await openTimeline();
  const { findSpan, select, selection } = state.timeline;
  select(findSpan(2, 10 * NS, 0));
  await settle();
  answerWith(() => ({ status: 503, body: { title: "Busy", status: 503 } }), true);
  await state.walk.walkBack();
  assert.equal(selection.value?.lane, 2);
  assert.equal(state.walk.walkError.value?.problem?.status, 503);
  close();
  assert.equal(state.walk.walkError.value, null);
});

/* --- range --- */

const rangeRequests = () => asked.filter(({ path }) => path.includes("/range?"));

test("a range is read once it rests, in whole nanoseconds inside the run, and dies with it", async () => {
  const close = await openTimeline();
  const { chooseRange, range, rangeFromSelection, rangeStats } = state.range;
  chooseRange({ from: 30.7 * NS, to: 20.2 * NS });
  chooseRange({ from: 30.5, to: -20 });
  assert.deepEqual(range.value, { from: 0, to: 31 });
  assert.deepEqual(rangeStats.value, { status: "loading" });
  runTimers();
  await settle();
  assert.deepEqual(
    rangeRequests().map(({ path }) => windowOf(path)),
    [[0, 31]],
  );
  assert.deepEqual(rangeStats.value, {
    status: "ready",
    value: { lanes: [], waits: [], damages: [] },
  });
  chooseRange({ from: DURATION * 2, to: DURATION * 3 });
  assert.deepEqual(range.value, { from: DURATION - 1, to: DURATION });
  state.timeline.select(state.timeline.findSpan(2, 10 * NS, 0));
  rangeFromSelection();
  assert.deepEqual(range.value, { from: 0, to: DURATION / 2 });
  close();
  assert.equal(range.value, null);
  assert.deepEqual(rangeStats.value, { status: "idle" });
});

/* --- history --- */

test("the window goes back to where it rested, and forward again", async () => {
  const close = await openTimeline();
  const { canRedo, canUndo, redoView, undoView } = state.history;
  const { show, viewport } = state.timeline;
  assert.equal(canUndo.value, false);
  const first = { from: 10 * NS, to: 20 * NS };
  const second = { from: 12 * NS, to: 14 * NS };
  show({ from: 5 * NS, to: 60 * NS });
  show(first);
  runTimers();
  show(second);
  undoView();
  assert.deepEqual(viewport.value, first, "places on the way are none");
  undoView();
  assert.deepEqual(viewport.value, { from: 0, to: DURATION });
  undoView();
  assert.equal(canUndo.value, false);
  runTimers();
  redoView();
  redoView();
  assert.deepEqual(viewport.value, second);
  assert.equal(canRedo.value, false);
  runTimers();
  undoView();
  show({ from: 1 * NS, to: 2 * NS });
  runTimers();
  assert.equal(canRedo.value, false, "who goes elsewhere has nothing to do again");
  close();
  assert.equal(canUndo.value, false);
});

test("the arrangement of the lanes is undone with the window, a typed filter as a whole", async () => {
  const close = await openTimeline();
  const { canUndo, redoView, undoView } = state.history;
  const { arrangement, filterLanes, folded, hideLane, moveLane, show, singleOut, singledOut, togglePin, viewport } =
    state.timeline;
  togglePin(2);
  show({ from: 1 * NS, to: 2 * NS });
  runTimers();
  for (const text of ["t", "th", "thr"]) filterLanes(text);
  singleOut("wait_gil", false);
  singleOut("running", true);
  assert.equal(singledOut.value?.size, 2);
  undoView();
  undoView();
  assert.equal(singledOut.value, null);
  assert.equal(arrangement.value.lanes, "thr");
  undoView();
  assert.equal(arrangement.value.lanes, "");
  assert.deepEqual(viewport.value, { from: 1 * NS, to: 2 * NS });
  undoView();
  assert.deepEqual(viewport.value, { from: 0, to: DURATION });
  assert.deepEqual(arrangement.value.pin, [2], "one step at a time");
  redoView();
  assert.deepEqual(viewport.value, { from: 1 * NS, to: 2 * NS });
  undoView();
  undoView();
  assert.deepEqual(arrangement.value.pin, []);
  assert.equal(canUndo.value, false);
  hideLane(1);
  moveLane(2, null);
  close();
  assert.deepEqual(arrangement.value.hide, [], "another run begins anew");
  assert.ok(folded.value.has("unused-cores"));
});

/* --- search --- */

test("matches are gone through in both directions and page by page", async () => {
  const close = await openTimeline();
  const { ask, closeSearch, matches, matchSelected, nextMatch, query } = state.search;
  const { selection } = state.timeline;
  const span = (start: number) => ({ ...wireSpan(2, start * NS, "wait_gil", 1), end: (start + 1) * NS });
  answerWith(({ path }) => {
    if (!path.includes("/spans?")) return { status: 200, body: runAnswer(path) };
    const body = path.includes("after=P2")
      ? { items: [span(30)], next: null, damages: [{ what: "x" }] }
      : { items: [span(10), span(20)], next: "P2", damages: [] };
    return { status: 200, body };
  }, true);
  ask({ state: "wait_g" });
  ask({ state: "wait_gil", least: 5 });
  runTimers();
  await settle();
  const searches = asked.filter(({ path }) => path.includes("/spans?"));
  assert.equal(searches.length, 1, "nothing is asked while somebody types");
  assert.match(searches[0]?.path ?? "", /least=5&states=wait_gil/);
  const starts: number[] = [];
  for (const direction of [1, 1, 1, 1, -1, -1] as const) {
    await nextMatch(direction);
    starts.push((selection.value?.start ?? -1) / NS);
  }
  assert.deepEqual(starts, [10, 20, 30, 10, 30, 20]);
  const found = matches.value;
  assert.ok(found.status === "ready");
  assert.equal(matchSelected(found.value), 1);
  assert.equal(found.value.damaged, 1);
  ask({ state: "", least: 0 });
  assert.equal(query.value, null);
  assert.deepEqual(matches.value, { status: "idle" });
  await nextMatch(1);
  closeSearch();
  close();
});

/* --- counters --- */

test("a counter is read at any time, stepped from change to change, and excludes a span", async () => {
  const close = await openTimeline();
  const { chooseCounter, chosenCounter, chosenReading, readingAt, stepCounter } = state.counters;
  const { findSpan, select, selection } = state.timeline;
  assert.deepEqual(
    state.timeline.counters.value.map(({ lane, kind }) => [lane, kind]),
    [[0, 1]],
  );
  const place = { lane: 0, kind: 1, at: 10 * NS };
  assert.equal(readingAt(place)?.value, 1);
  assert.equal(readingAt({ ...place, at: DURATION / 2 })?.value, 0);
  assert.equal(readingAt({ lane: 0, kind: 0, at: 5 })?.value, 0, "of which nothing is said");
  select(findSpan(2, 10 * NS, 0));
  chooseCounter(place);
  assert.equal(selection.value, null);
  stepCounter(1);
  assert.equal(chosenCounter.value?.at, DURATION / 2);
  assert.equal(chosenReading.value?.value, 0);
  stepCounter(1);
  stepCounter(1);
  assert.equal(chosenCounter.value?.at, DURATION / 2 + NS, "the last change");
  stepCounter(-1);
  stepCounter(-1);
  stepCounter(-1);
  assert.equal(chosenCounter.value?.at, 0);
  select(findSpan(2, 10 * NS, 0));
  assert.equal(chosenCounter.value, null);
  close();
});

test("the address names a counter and a time; one that the run does not have is none", async () => {
  const close = await openTimeline();
  const { chosenCounter, followCounter } = state.counters;
  const address = { ...wholeRun("r1"), at: 7 * NS };
  followCounter({ ...address, counter: { lane: 0, name: "gil_waiters" } });
  assert.deepEqual(chosenCounter.value, { lane: 0, kind: 1, at: 7 * NS });
  followCounter({ ...address, counter: { lane: 0, name: "of_the_future" } });
  assert.equal(chosenCounter.value, null);
  close();
});
