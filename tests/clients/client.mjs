// SPDX-License-Identifier: MIT
// client - a running server as Node's fetch sees it: answers of every kind, compressed ones,
// uploads in pieces, event streams that are read and given up.
//   node tests/clients/client.mjs URL TOKEN

import assert from "node:assert/strict";

const [url, token] = process.argv.slice(2);
const secret = { authorization: `Bearer ${token}` };
const json = { ...secret, "content-type": "application/json" };

const documentOf = (seed) =>
  JSON.stringify({
    schema: 1,
    name: `Node's, ${seed}`,
    seed,
    strategies: ["sequential", { threads: 2 }],
    workload: { jobs: { count: 9, steps: [{ python_us: 100 }, { io_us: 500 }] } },
  });

const ask = (path, options = {}) =>
  fetch(url + path, { ...options, headers: { ...secret, ...options.headers } });

async function submit(seed) {
  const answer = await ask("/api/v1/experiments", {
    method: "POST",
    headers: json,
    body: documentOf(seed),
  });
  assert.equal(answer.status, 201);
  return answer.json();
}

async function answersAreWhole() {
  for (const path of ["/api/v1/models", "/openapi.json", "/api/v1/schema", "/api/v1/presets"]) {
    const answer = await ask(path); // fetch asks for gzip and unpacks it
    assert.equal(answer.status, 200);
    const type = path.endsWith("/schema") ? "application/schema+json" : "application/json";
    assert.equal(answer.headers.get("content-type"), type);
    await answer.json();
    const head = await ask(path, { method: "HEAD" });
    assert.equal(head.headers.get("etag"), answer.headers.get("etag"));
    assert.equal(await head.text(), "");
    const again = await ask(path, { headers: { "if-none-match": answer.headers.get("etag") } });
    assert.equal(again.status, 304);
  }
}

async function manyAtOnceAreWhole() {
  const made = await Promise.all(Array.from({ length: 20 }, (_, i) => submit(100 + i)));
  assert.equal(new Set(made.map((one) => one.id)).size, 20);
  const read = await Promise.all(made.map((one) => ask(`/api/v1/experiments/${one.id}`)));
  const names = await Promise.all(read.map(async (one) => (await one.json()).name));
  assert.deepEqual(names, made.map((one) => one.name));
}

async function aStreamIsUploaded() {
  const bytes = new TextEncoder().encode(documentOf(200));
  let sent = 0;
  const body = new ReadableStream({
    pull(controller) {
      if (sent < bytes.length) controller.enqueue(bytes.slice(sent, (sent += 11)));
      else controller.close();
    },
  });
  const answer = await ask("/api/v1/experiments", {
    method: "POST",
    headers: json,
    body,
    duplex: "half",
  });
  assert.equal(answer.status, 201);
  assert.equal((await answer.json()).name, "Node's, 200");
}

async function errorsAreProblems() {
  const answer = await ask("/api/v1/experiments", { method: "POST", headers: json, body: "[]" });
  assert.equal(answer.headers.get("content-type"), "application/problem+json");
  const problem = await answer.json();
  assert.equal(problem.status, answer.status);
  assert.equal(problem.errors[0].pointer, "");
}

/** Events until `last` says so; the stream is given up then, and nothing else is. */
async function readEvents(path, last) {
  const controller = new AbortController();
  const answer = await ask(path, { signal: controller.signal });
  assert.equal(answer.headers.get("content-type"), "text/event-stream");
  const decoder = new TextDecoder();
  let text = "";
  const events = [];
  for await (const bytes of answer.body) {
    text += decoder.decode(bytes, { stream: true });
    for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
      const fields = text.slice(0, end).split("\n").map((line) => line.split(": "));
      const event = Object.fromEntries(fields.map(([name, ...rest]) => [name, rest.join(": ")]));
      if (event.event) events.push({ name: event.event, data: JSON.parse(event.data) });
    }
    if (events.some(last)) break;
  }
  controller.abort();
  return events;
}

async function eventsTellOfTheEnd() {
  const { id } = await submit(300);
  const events = await readEvents(`/api/v1/events?topics=${id}`, (one) => one.name === "finished");
  assert.ok(events.some((one) => one.name === "progress"));
  assert.equal(events.at(-1).data.status, "done");
  assert.equal((await ask("/healthz")).status, 200);
}

const tests = [
  answersAreWhole,
  manyAtOnceAreWhole,
  aStreamIsUploaded,
  errorsAreProblems,
  eventsTellOfTheEnd,
];
for (const test of tests) {
  await test();
  console.log("ok", test.name);
}
