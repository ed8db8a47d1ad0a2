// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  blocksOf,
  boundsOf,
  choicesOf,
  curlLine,
  type OpenApi,
  operationsOf,
  type Schema,
  schemaName,
  typeWords,
} from "../../src/lib/contract";

const file = join(process.env.GILSCOPE_WEB ?? ".", "../server/openapi.json");
const contract = JSON.parse(readFileSync(file, "utf8")) as OpenApi;
const operations = operationsOf(contract);

function find(id: string) {
  const operation = operations.find((it) => it.id === id);
  assert.ok(operation, id);
  return operation;
}

test("every operation has a tag that is shown, and a summary", () => {
  const tags = contract.tags.map(({ name }) => name);
  for (const { id, tag, summary } of operations) assert.ok(tags.includes(tag) && summary !== "", id);
  assert.equal(new Set(operations.map(({ id }) => id)).size, operations.length);
});

test("references are followed in operations and named in schemas", () => {
  const note = find("add_note");
  assert.equal(note.parameters[0]?.name, "id");
  assert.equal(note.body?.type, "application/json");
  assert.ok(note.body?.schema?.properties?.text);
  const problem = note.answers.find(({ status }) => status === "4XX")?.bodies[0]?.schema;
  assert.equal(schemaName(problem as Schema), "Problem");
  assert.ok(find("stream_events").answers[0]?.bodies[0]?.events.progress);
});

test("there is something to look at wherever there is a body", () => {
  for (const { id, body, answers } of operations) {
    for (const it of [...(body ? [body] : []), ...answers.flatMap(({ bodies }) => bodies)]) {
      assert.ok(it.examples.length > 0, `${id} ${it.type}`);
    }
  }
  const names = (id: string) => find(id).answers[0]?.bodies.map(({ examples }) => examples.map(({ name }) => name));
  assert.deepEqual(names("list_lanes"), [[""], ["item", "end"]]);
});

function refersTo(schema: Schema): Schema[] {
  const inner = [
    ...Object.values(schema.properties ?? {}),
    ...choicesOf(schema),
    ...(schema.items ? [schema.items] : []),
    ...(typeof schema.additionalProperties === "object" ? [schema.additionalProperties] : []),
  ];
  return [schema, ...inner.flatMap(refersTo)];
}

test("every link leads to a schema that is shown", () => {
  for (const schema of Object.values(contract.components.schemas).flatMap(refersTo)) {
    if (schema.$ref === undefined) continue;
    const name = schemaName(schema);
    assert.ok(name !== null && contract.components.schemas[name], schema.$ref);
  }
});

test("types and bounds are words", () => {
  assert.equal(typeWords({ type: ["string", "null"] }), "string | null");
  assert.equal(typeWords({ type: "integer", format: "int64" }), "integer (int64)");
  assert.equal(typeWords({ enum: ["a", "b"] }), "a | b");
  assert.equal(typeWords({ const: "ok" }), '"ok"');
  assert.deepEqual(boundsOf({ minimum: 1, maximum: 200, default: 50 }), ["1 .. 200", "default 50"]);
  assert.deepEqual(boundsOf({ minimum: 0, pattern: "^a$" }), ["0 .. ", "^a$"]);
  assert.deepEqual(boundsOf({}), []);
});

test("a line for a shell has what is required and nothing more", () => {
  const line = (id: string) => curlLine(find(id), "http://h");
  assert.equal(line("get_health"), "curl -sS 'http://h/healthz'");
  assert.equal(line("get_span_at"), "curl -sS 'http://h/api/v1/runs/ID/spans/at?lane=LANE&at=AT'");
  assert.equal(line("stream_events"), "curl -sS -N 'http://h/api/v1/events'");
  assert.equal(line("remove_note"), "curl -sS -X DELETE 'http://h/api/v1/notes/ID'");
  assert.match(line("change_note"), /^curl -sS -X PUT -H 'Content-Type: application\/json' -d '\{"text":/);
  assert.match(line("submit_experiment"), / -d '\{"schema":1,.*\}' 'http/);
});

test("descriptions are paragraphs, lists and code", () => {
  assert.deepEqual(blocksOf("One\ntwo.\n\n- a\n  b\n- c\n\n    x  y\n    z\n"), [
    { kind: "text", text: "One two." },
    { kind: "list", items: ["a b", "c"] },
    { kind: "code", text: "x  y\nz" },
  ]);
  assert.deepEqual(blocksOf(""), []);
});
