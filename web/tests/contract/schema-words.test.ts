// SPDX-License-Identifier: MIT
// What the editor says of the fields of a document: every one that the server's own schema has,
// in every place where it can stand, means there what the schema says there, in each language.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { loadCatalogue } from "../../src/i18n/translate";
import { schemaWords } from "../../src/i18n/schema-pl";
import { fieldAt, type PathStep } from "../../src/lib/schema-words";
import { loadSchemaWords, meaningWords, rangeWords } from "../../src/views/schema-meaning";
import { type Server, startServer } from "../browser/server";

type Schema = Record<string, unknown>;

/** A field in its place: the way there, the fields beside it, and what the schema says of it. */
interface Place {
  path: readonly PathStep[];
  beside: readonly string[];
  name: string;
  said: string;
}

let server: Server;
let schema: Schema;
let places: Place[];

const isRecord = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function shapesOf(value: unknown): { shapes: Schema[]; shared: string | null } {
  if (!isRecord(value)) return { shapes: [], shared: null };
  const name = typeof value.$ref === "string" ? value.$ref.replace("#/$defs/", "") : null;
  const at = name === null ? value : ((schema.$defs as Schema)[name] as Schema);
  const choices = Array.isArray(at.anyOf) ? at.anyOf : [at];
  const inner = choices.flatMap((one) =>
    isRecord(one) && one.$ref !== undefined ? shapesOf(one).shapes : [one as Schema],
  );
  return { shapes: inner, shared: name };
}

/** Into each shared shape only so often on one way: they contain themselves. */
const DEPTH_MAX = 2;

/** Every field below a value; `way` has the names of shared shapes that led here. */
function walk(value: unknown, path: readonly PathStep[], way: readonly string[]): Place[] {
  const { shapes, shared } = shapesOf(value);
  if (shared !== null && way.filter((name) => name === shared).length >= DEPTH_MAX) return [];
  const on = shared === null ? way : [...way, shared];
  return shapes.flatMap((shape) => {
    if (shape.type === "array") return walk(shape.items, [...path, { part: "0", fields: [] }], on);
    const more = shape.additionalProperties;
    const named = isRecord(more) ? walk(more, [...path, { part: "n", fields: ["n"] }], on) : [];
    return [...named, ...fieldsOf(shape, path, on)];
  });
}

/** What has to stand beside a field, so that it is clear which shape is written. */
function besideOf(shape: Schema, name: string): string[] {
  const required = Array.isArray(shape.required) ? (shape.required as string[]) : [];
  return required.filter((other) => other !== name);
}

function fieldsOf(shape: Schema, path: readonly PathStep[], way: readonly string[]): Place[] {
  const properties = isRecord(shape.properties) ? shape.properties : {};
  return Object.entries(properties).flatMap(([name, value]) => {
    const beside = besideOf(shape, name);
    const said = isRecord(value) && typeof value.description === "string" ? value.description : "";
    const inside = walk(value, [...path, { part: name, fields: [...beside, name] }], way);
    return [{ path, beside, name, said }, ...inside];
  });
}

before(async () => {
  server = await startServer();
  schema = (await (await fetch(`${server.address}/api/v1/schema`)).json()) as Schema;
  places = walk(schema, [], []);
  await loadCatalogue("pl");
  await loadSchemaWords("pl");
});

after(() => server?.stop());

const nameOf = ({ path, name }: Place): string => `/${[...path.map(({ part }) => part), name].join("/")}`;

test("the walk reaches all of the schema", () => {
  const every = new Set(
    [...JSON.stringify(schema).matchAll(/"description":"((?:[^"\\]|\\.)*)"/g)].map(([, text]) =>
      JSON.parse(`"${text}"`),
    ),
  );
  every.delete(schema.description);
  assert.deepEqual([...every].filter((text) => !places.some(({ said }) => said === text)), []);
});

test("a field means what the schema says in its place, not what its name means elsewhere", () => {
  const wrong = places.filter(({ path, beside, name, said }) => {
    const meanings = fieldAt(schema, path, beside, name)?.meanings ?? [];
    return said === "" || meanings.length !== 1 || meanings[0] !== said;
  });
  assert.deepEqual(wrong.map(nameOf), []);
});

test("every meaning is said in Polish, and no other", () => {
  const said = [...new Set(places.map(({ said }) => said))].sort();
  assert.deepEqual(Object.keys(schemaWords).sort(), said);
  for (const place of places) {
    const { text, lang } = meaningWords("pl", place.said);
    assert.equal(lang, undefined, nameOf(place));
    assert.notEqual(text.trim(), "", nameOf(place));
  }
});

test("what a field may be is said in words of the language", () => {
  const english = new Set(["array", "object", "integer", "number", "string", "boolean"]);
  for (const { path, beside, name, ...place } of places) {
    const field = fieldAt(schema, path, beside, name);
    assert.ok(field);
    const words = rangeWords("pl", field.range).split(/[\s,]+/);
    assert.deepEqual(words.filter((word) => english.has(word)), [], nameOf({ path, beside, name, ...place }));
  }
});

test("the same name in several places has several meanings", () => {
  const of = (path: PathStep[], beside: string[], name: string): readonly string[] =>
    fieldAt(schema, path, beside, name)?.meanings ?? [];
  const part = (name: string, ...beside: string[]): PathStep => ({ part: name, fields: [name, ...beside] });
  const item: PathStep = { part: "0", fields: [] };
  const steps = [part("workload"), part("jobs"), part("steps", "count"), item];
  const strategy = [part("strategies"), item];
  assert.deepEqual(of(strategy, [], "threads"), ["the size of the thread pool"]);
  assert.deepEqual(of([...strategy, part("each", "processes")], [], "threads"), [
    "how many threads of the process take jobs",
  ]);
  assert.deepEqual(of(steps, ["c_us"], "threads"), ["how many native threads share the work of the call"]);
  assert.deepEqual(of(steps, ["put"], "payload_bytes"), [
    "what is copied by whoever gets the item; only of an interpreter_queue",
  ]);
  assert.deepEqual(of([part("workload"), part("jobs")], ["count"], "payload_bytes"), [
    "what is sent with each job to another process or interpreter",
  ]);
});
