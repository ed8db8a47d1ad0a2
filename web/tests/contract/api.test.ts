// SPDX-License-Identifier: MIT
// Every operation of the contract against a live server: each success that it lists, in each media
// type, and what it refuses.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Server, startServer } from "../browser/server";
import { type Answer, type Ask, Contract, examplesOf, type Json, type MediaType, NDJSON, type Operation, PROBLEM } from "./contract";
import { rewrite } from "./examples";

const LINES = { accept: NDJSON };

/* GILSCOPE_EXAMPLES=write: what is answered becomes the examples of the contract's file. */
const WRITES_EXAMPLES = process.env.GILSCOPE_EXAMPLES === "write";
const CONTRACT_FILE = join(process.env.GILSCOPE_WEB ?? ".", "../server/openapi.json");

/* How to ask those that need more than an id, and other ways to ask. */
const ASKS: Record<string, Ask[]> = {
  list_experiments: [
    {},
    { headers: LINES },
    { query: { status: "done,failed", name: "asyncio", order: "name", limit: "1" } },
    { query: { client: "contract", preset: "echo-convoy", created_from_ms: "0", created_until_ms: "9000000000000" } },
  ],
  get_experiment: [{}, { query: { metrics: "makespan_us,cpu_us" } }],
  list_cells: [
    {},
    { query: { metrics: "", limit: "2" } }, { query: { after: "0" }, headers: LINES },
    { query: { runtime: "cpython-3.12", strategy: "threads(3)", status: "done,limited", point: "{}", order: "-makespan_us" } },
  ],
  export_experiment: [{ query: { format: "sqlite" } }],
  export_run: [{ query: { format: "sqlite" } }],
  compare_cells: [{ query: { cells: "c1,c2" } }, { query: { cells: "c1,c3", other_work: "true" } }],
  get_blame: [{}, { query: { from: "0", to: "9000000", waiters: "1,2,3" } }],
  get_flows: [{}, { query: { from: "0", to: "9000000", limit: "2" } }, { headers: LINES }],
  list_lanes: [{}, { query: { limit: "2", after: "3" } }, { headers: LINES }],
  list_all_notes: [{}, { query: { text: "the", limit: "1" } }, { query: { after: "n9" }, headers: LINES }],
  list_notes: [{}, { query: { limit: "1" } }, { headers: LINES }],
  get_schema: [{}, { headers: { accept: "application/json" } }],
  get_timeline: [
    {},
    { query: { from: "0", to: "9000000", pixels: "200", lanes: "0,1,2" } },
    { query: { pixels: "20", compact: "true" } },
  ],
  get_range: [{}, { query: { kind: "thread", name: "", waits: "3" } }],
  search_spans: [
    {},
    { headers: LINES },
    { query: { states: "wait_gil", order: "longest", least: "1", limit: "2" } },
    { query: { kind: "thread", limit: "3" }, headers: LINES },
  ],
  get_span_at: [{ query: { lane: "0", at: "1000" } }, { query: { lane: "1", at: "0" } }],
  get_storage: [{}, { query: { experiments: "e1,e9" } }],
  get_next_span: [{ query: { lane: "0", at: "0" } }, { query: { lane: "0", at: "0", direction: "previous" } }],
};

const FIRST_IDS: Record<string, string> = { experiments: "e1", cells: "c1", runs: "r1", notes: "n1" };

interface Picture {
  lanes: { id: number }[];
  timeline: Json;
}

interface PicturedGrid {
  cells: { runs: { picture?: Picture }[] }[];
}

let server: Server;
let contract: Contract;
/* Two repetitions: the second one has no timeline. A gate, so that there is much to say. */
let DOCUMENT: Json;
let served: Answer["text"];

before(async () => {
  server = await startServer();
  served = await (await fetch(`${server.address}/openapi.json`)).text();
  contract = new Contract(JSON.parse(served) as Json, server.address);
  DOCUMENT = contract.body("submit_experiment");
});

after(() => server?.stop());

function idOf(operation: Operation): string | undefined {
  return operation.path.includes("{id}") ? FIRST_IDS[operation.path.split("/")[3] ?? ""] : undefined;
}

/** Asks until that status comes, or the member is that word. */
async function poll(id: string, ask: Ask, ready: (answer: Answer) => boolean): Promise<Answer> {
  for (;;) {
    const answer = await contract.send(contract.find(id), ask);
    assert.ok(answer.status < 300, answer.text);
    if (ready(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const ended = ({ json }: Answer): boolean => !["queued", "running"].includes(json.status as string);

async function submitAndWait(document: unknown, headers?: Record<string, string>): Promise<Json> {
  const { json, headers: sent } = await contract.ask("submit_experiment", { body: document, headers }, 201);
  assert.equal(sent.get("location"), `/api/v1/experiments/${json.id}`);
  return (await poll("get_experiment", { id: json.id as string }, ended)).json;
}

test("the contract is served as it is, and names the version of the program", () => {
  assert.equal(served, readFileSync(CONTRACT_FILE, "utf8"));
  const said = execFileSync(process.env.GILSCOPE_BIN ?? "", ["--version"], { encoding: "utf8" });
  assert.equal((JSON.parse(served) as { info: { version: string } }).info.version, said.split(" ")[1]);
});

test("an experiment is submitted, once for each key and for each document", async () => {
  const key = { "idempotency-key": "contract" };
  assert.equal((await submitAndWait(DOCUMENT, key)).status, "done");
  for (const headers of [key, {}]) {
    const same = await contract.ask("submit_experiment", { body: DOCUMENT, headers }, 200);
    assert.equal(same.json.id, "e1");
    assert.equal(same.headers.get("location"), "/api/v1/experiments/e1");
  }
  const again = await contract.ask("submit_experiment", { body: { ...DOCUMENT, seed: 4 }, query: { again: "true" } }, 201);
  assert.ok(ended(await poll("get_experiment", { id: again.json.id as string }, ended)));
  await contract.ask("submit_experiment", { body: { ...DOCUMENT, seed: 2 }, headers: key }, 409);
});

test("every preset is accepted, and runs as a preview", async () => {
  const { json } = await contract.ask("list_presets");
  for (const { document } of json.items as { document: Json }[]) {
    await contract.ask("run_preview", { body: { ...document, limits: { events: 2000 } }, query: { client: "contract" } });
  }
});

test("a preview gives pictures, which are what the stored timeline shows", async () => {
  const query = { client: "contract", pixels: "100", lanes: "4" };
  const { cells } = (await contract.ask("run_preview", { body: DOCUMENT, query })).json as unknown as PicturedGrid;
  for (const [index, { runs }] of cells.entries()) {
    assert.deepEqual(runs.map(({ picture }) => picture !== undefined), [true, false]);
    const { lanes, timeline } = runs[0]?.picture as Picture;
    const { json } = await contract.ask("get_cell", { id: `c${index + 1}` });
    const id = (json.runs as { id: string }[])[0]?.id;
    const ids = lanes.map((lane) => lane.id);
    const window = { pixels: "100", lanes: ids.join(",") };
    const stored = (await contract.ask("get_timeline", { id, query: window })).json;
    assert.deepEqual(timeline, { ...stored, instants: timeline.instants, counters: [] });
    const all = (await contract.ask("list_lanes", { id })).json.items as { id: number }[];
    assert.deepEqual(lanes, all.filter((lane) => ids.includes(lane.id)));
  }
});

test("notes are added, once for each key, changed and removed", async () => {
  const body = contract.body("add_note");
  const headers = { "idempotency-key": "note" };
  const { json } = await contract.ask("add_note", { id: "r1", body, headers }, 201);
  assert.equal(json.id, "n1");
  const same = await contract.ask("add_note", { id: "r1", body, headers }, 200);
  assert.deepEqual(same.json, json);
  await contract.ask("add_note", { id: "r1", body: { text: "other" }, headers }, 409);
  await contract.ask("change_note", { id: "n1", body: contract.body("change_note") });
  await contract.ask("add_note", { id: "r1", body: { text: "second" } }, 201);
  await contract.ask("remove_note", { id: "n2" }, 204);
});

test("an experiment gets another name", async () => {
  const body = contract.body("rename_experiment");
  const { json } = await contract.ask("rename_experiment", { id: "e1", body });
  assert.equal(json.name, body.name);
});

test("findings, speed-ups and timelines are made, and can be cancelled", async () => {
  // What may help with so long a run is not found out before somebody can stop it.
  const long = { ...DOCUMENT, seed: 4, repetitions: 1, workload: { jobs: { count: 50_000, steps: [{ python_us: 50 }] } } };
  const made = (await contract.ask("submit_experiment", { body: long }, 201)).json;
  const { cells } = (await poll("get_experiment", { id: made.id as string }, ended)).json;
  const slow = (cells as { runs: { id: string }[] }[])[0]?.runs[0]?.id;
  for (const what of ["findings", "speedup"]) {
    await contract.ask(`get_${what}`, { id: "r1" }, 202);
    await poll(`get_${what}`, { id: "r1" }, ({ status }) => status === 200);
    await contract.ask(`cancel_${what}`, { id: "r1" }, 200);
    await contract.ask(`get_${what}`, { id: slow }, 202);
    await contract.ask(`cancel_${what}`, { id: slow }, 202);
  }
  const { json } = await contract.ask("get_cell", { id: "c1" });
  const id = (json.runs as { id: string; has_timeline: boolean }[]).find((run) => !run.has_timeline)?.id;
  await contract.ask("get_timeline_job", { id });
  await contract.ask("make_timeline", { id, body: contract.body("make_timeline") }, 202);
  await poll("get_timeline_job", { id }, (answer) => answer.json.status === "stored");
  await contract.ask("make_timeline", { id, body: {} }, 200);
});

test("a run is changed and run again", async () => {
  const ask = { id: "r1", body: contract.body("submit_what_if") };
  const { json } = await contract.ask("submit_what_if", ask, 201);
  assert.ok(ended(await poll("get_experiment", { id: json.id as string }, ended)));
  assert.equal((await contract.ask("submit_what_if", ask, 200)).json.id, json.id);
});

test("an experiment is stopped, and gone on with", async () => {
  const long = { ...DOCUMENT, seed: 3, repetitions: 1000, workload: { jobs: { count: 2000, steps: [{ python_us: 6000 }] } } };
  const { json } = await contract.ask("submit_experiment", { body: long, query: { client: "contract" } }, 201);
  const id = json.id as string;
  const interrupted = ({ json: now }: Answer): boolean => now.status === "interrupted";
  await contract.ask("cancel_experiment", { id }, 202);
  await poll("get_experiment", { id }, interrupted);
  await contract.ask("resume_experiment", { id }, 202);
  await contract.ask("cancel_experiment", { id }, 202);
  await poll("get_experiment", { id }, interrupted);
});

test("a session is opened and closed", async () => {
  await contract.ask("open_session", { body: contract.body("open_session") }, 204);
  await contract.ask("close_session", {}, 204);
});

test("queries answer in columns and in lines", async () => {
  await contract.ask("query_sql", { body: contract.body("query_sql") });
  const body = { query: "SELECT run_id, status, NULL AS n, ? AS p FROM runs", params: [0.5], limit: 2 };
  const { json } = await contract.ask("query_sql", { body });
  assert.equal(json.truncated, true);
  const lines = await contract.ask("query_sql", { body, headers: LINES });
  assert.equal(lines.text.trimEnd().split("\n").length, 3);
});

test("events are those that are listed", async () => {
  const names = contract.listen("stream_events", { query: { topics: "experiments,queue,e1" } }, (seen) =>
    ["progress", "cells", "finished", "queue"].every((name) => seen.includes(name)),
  );
  await submitAndWait({ ...DOCUMENT, seed: 7 });
  await names;
});

test("a run that goes on is told of until it is cancelled", async () => {
  const jobs = { count: 1000000, steps: [{ python_us: 50 }, { io_us: 10 }] };
  const limits = { events: 1e10, spans: 1e10, virtual_s: 1e6 };
  const body = { ...DOCUMENT, seed: 8, limits, workload: { jobs }, record: "summary" };
  const { id } = (await contract.ask("submit_experiment", { body }, 201)).json as { id: string };
  await contract.listen("stream_events", { query: { topics: id } }, (seen) => seen.includes("metrics"));
  await contract.ask("cancel_experiment", { id }, 202);
});

test("every operation that reads answers as it says, also to HEAD", async () => {
  for (const operation of contract.operations.filter(({ id, method }) => method === "GET" && id !== "stream_events")) {
    contract.forget(operation);
    for (const ask of ASKS[operation.id] ?? [{}]) {
      const whole: Ask = { id: idOf(operation), ...ask };
      await contract.ask(operation.id, whole);
      const head = await fetch(contract.url(operation, whole), { method: "HEAD", headers: whole.headers });
      assert.equal(head.status, 200, operation.id);
      assert.equal(await head.text(), "");
    }
  }
});

test("lines are the items, and the rest of the object", async () => {
  const lists = [["search_spans", "r1"], ["list_lanes", "r1"], ["list_cells", "e1"], ["list_experiments", undefined]];
  for (const [id, of] of lists as [string, string | undefined][]) {
    const query = { limit: "3" };
    const { items, ...rest } = (await contract.ask(id, { id: of, query })).json;
    const { text } = await contract.ask(id, { id: of, query, headers: LINES });
    const lines = text.trimEnd().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(lines, [...(items as unknown[]), rest]);
  }
});

async function refuses(operation: Operation, ask: Ask, ...statuses: number[]): Promise<void> {
  const body = ask.body ?? (operation.body ? contract.body(operation.id) : undefined);
  const query = ask.query ?? ASKS[operation.id]?.[0]?.query;
  const answer = await contract.send(operation, { id: idOf(operation), ...ask, body, query });
  assert.ok(statuses.includes(answer.status), `${operation.id}: ${answer.text}`);
  assert.equal(answer.type, PROBLEM);
  assert.equal(answer.json.status, answer.status);
}

test("every operation refuses what it does not know", async () => {
  for (const operation of contract.operations) {
    await refuses(operation, { headers: { accept: "image/png" } }, 406);
    if (operation.path.includes("{id}")) {
      await refuses(operation, { id: "zz" }, 404);
      await refuses(operation, { id: `${idOf(operation)?.[0]}999999` }, 404);
    }
    if (operation.body) {
      await refuses(operation, { headers: { "content-type": "text/plain" } }, 415);
      await refuses(operation, { body: "{" }, 400);
      await refuses(operation, { body: { nothing: 1 } }, 400, 422);
    }
    const answer = await fetch(`${contract.url(operation, { id: idOf(operation) })}?nothing=1`, {
      method: operation.method,
      headers: { "content-type": "application/json" },
      body: operation.body ? "{}" : undefined,
    });
    contract.check(operation, answer.status, answer.headers.get("content-type") ?? "", await answer.text());
    assert.equal(answer.status, 400, operation.id);
  }
});

const BUSY = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500000) SELECT max(i) FROM n";

test("what cannot be done is said in the same form", async () => {
  contract.forgetProblems(); // these are better examples
  await contract.ask("list_experiments", { query: { limit: "0" } }, 400);
  await contract.ask("get_experiment", { id: "e999999" }, 404);
  const wrong = { ...DOCUMENT, strategies: [{ thread: 2 }, { asyncio: -1 }] };
  await contract.ask("submit_experiment", { body: wrong }, 422);
  await contract.ask("add_note", { id: "r1", body: { text: "other" }, headers: { "idempotency-key": "note" } }, 409);
  const isBusy = ({ status }: Answer): boolean => status === 503;
  for (let answers: Answer[] = []; !answers.some(isBusy); ) {
    const ask = { body: { query: BUSY } };
    answers = await Promise.all([ask, ask, ask, ask].map((it) => contract.send(contract.find("query_sql"), it)));
  }
  const guarded = await startServer({ GILSCOPE_TOKEN: "a-token-of-the-test" });
  try {
    await new Contract(JSON.parse(served) as Json, guarded.address, contract).ask("open_session", { body: { token: "another" } }, 401);
  } finally {
    await guarded.stop();
  }
});

test("every path says which methods it answers", async () => {
  for (const path of new Set(contract.operations.map((operation) => operation.path))) {
    const of = contract.operations.filter((operation) => operation.path === path);
    const methods = of.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method]));
    const wanted = [...methods, "OPTIONS"].sort();
    const url = contract.url(of[0] as Operation, { id: idOf(of[0] as Operation) });
    for (const [method, status] of [["PROPFIND", 405], ["OPTIONS", 204]] as const) {
      const answer = await fetch(url, { method });
      assert.equal(answer.status, status, `${method} ${path}`);
      assert.deepEqual(answer.headers.get("allow")?.split(", ").sort(), wanted, path);
      const text = await answer.text();
      if (status === 405) contract.check(of[0] as Operation, 405, answer.headers.get("content-type") ?? "", text);
    }
  }
});

test("an experiment is removed", async () => {
  await contract.ask("delete_experiment", { id: "e1" }, 204);
  await contract.ask("get_experiment", { id: "e1" }, 404);
});

test("nothing that the contract lists was left out", () => {
  const missing = contract.operations.flatMap(({ id, responses }) =>
    Object.entries(responses)
      .filter(([status]) => status.startsWith("2"))
      .flatMap(([status, { content }]) => Object.keys(content ?? { "": 0 }).map((type) => `${id} ${status} ${type}`))
      .filter((what) => !contract.seen.has(what)),
  );
  assert.deepEqual(missing, []);
  const refused = [...contract.seen].filter((what) => / 4\d\d application\/problem\+json$/.test(what));
  const without = contract.operations.filter(({ id }) => !refused.some((what) => what.startsWith(`${id} `)));
  assert.deepEqual(without.map(({ id }) => id), []);
});

/** Status, media type and what the contract lists for it, of every answer of an operation. */
function* listedAnswers(operation: Operation): Generator<[string, string, MediaType]> {
  for (const [status, { content }] of Object.entries(operation.responses)) {
    for (const [type, listed] of Object.entries(content ?? {})) yield [status, type, listed];
  }
}

test("every operation has examples, which are valid and are what is answered", { skip: WRITES_EXAMPLES }, () => {
  for (const operation of contract.operations) {
    for (const listed of Object.values(operation.body ?? {})) {
      contract.checkExample(`${operation.id} body`, listed, contract.body(operation.id));
      assert.ok(contract.accepted.has(operation.id), `${operation.id}: the example was not accepted`);
    }
    for (const [status, type, listed] of listedAnswers(operation)) {
      const sharing = contract.operations.filter(({ responses }) => responses[status]?.content?.[type] === listed);
      const names = sharing.map(({ id }) => `${id} ${status} ${type}`);
      const what = `${operation.id} ${status} ${type}`;
      const examples = examplesOf(listed);
      assert.ok(examples.length > 0, `${what} has no example`);
      for (const example of examples) {
        contract.checkExample(what, listed, example);
        const { type: kind, status: number } = example as Json;
        const lines = names.flatMap((name) => [name, `${name} item`, `${name} end`]);
        contract.expectPlaces(what, example, type === PROBLEM ? [`${kind} ${number}`] : lines);
      }
    }
  }
});

/* Which problems are examples of what. */
const PROBLEMS: Record<string, Record<string, number>> = {
  Problem: { query: 400, missing: 404, conflict: 409, document: 422 },
  Failed: { busy: 503 },
  Unauthorized: { token: 401 },
  Busy: { busy: 503 },
};

test("what was answered becomes the examples", { skip: !WRITES_EXAMPLES }, () => {
  rewrite(CONTRACT_FILE, (file) => {
    const raw = new Contract(file, server.address);
    const written = new Set<MediaType>();
    for (const operation of raw.operations) {
      for (const [status, type, listed] of listedAnswers(operation)) {
        if (type === PROBLEM || written.has(listed)) continue;
        written.add(listed);
        delete listed.example;
        delete listed.examples;
        Object.assign(listed, contract.examplesFor(`${operation.id} ${status} ${type}`, type, listed));
      }
    }
    const { responses } = file.components as { responses: Record<string, { content: Record<string, MediaType> }> };
    for (const [name, problems] of Object.entries(PROBLEMS)) {
      const listed = responses[name]?.content[PROBLEM] as MediaType;
      listed.examples = Object.fromEntries(
        Object.entries(problems).map(([word, status]) => [word, { value: contract.problem(status) }]),
      );
    }
  });
});
