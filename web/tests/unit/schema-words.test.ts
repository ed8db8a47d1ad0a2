// SPDX-License-Identifier: MIT
// What a schema says about a place, with choices and references as in that of documents.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldAt, fieldsAt, sampleOf, valuesAt } from "../../src/lib/schema-words";

const SCHEMA = {
  type: "object",
  properties: {
    seed: { description: "chance", type: "integer", minimum: 0, maximum: 9, default: 1 },
    goal: { description: "what counts", type: "string", enum: ["cpu_us", "makespan_us"] },
    steps: { description: "what is done", type: "array", items: { $ref: "#/$defs/step" } },
    named: { type: "object", additionalProperties: { $ref: "#/$defs/step" } },
  },
  required: ["steps"],
  $defs: {
    time: { anyOf: [{ type: "number", minimum: 0, maximum: 5 }, { $ref: "#/$defs/law" }] },
    law: {
      anyOf: [
        { type: "object", properties: { dist: { const: "constant" }, value: { type: "number" } } },
        { type: "object", properties: { dist: { const: "uniform" }, min: { type: "number" } } },
      ],
    },
    step: {
      anyOf: [
        { enum: ["nothing"] },
        {
          type: "object",
          properties: {
            c_us: { description: "C code", $ref: "#/$defs/time" },
            gil: { description: "kept or not", type: "string", enum: ["held", "released"] },
          },
          required: ["c_us"],
        },
        {
          type: "object",
          properties: { repeat: { type: "integer" }, steps: { type: "array", items: { $ref: "#/$defs/step" } } },
          required: ["repeat"],
        },
      ],
    },
  },
};

const step = [
  { part: "steps", fields: ["steps"] },
  { part: "0", fields: [] },
];
const names = (fields: readonly { name: string }[]): string[] => fields.map(({ name }) => name);

test("fields are those that are not there yet, with their meaning and range", () => {
  const [seed] = fieldsAt(SCHEMA, [], ["goal"]);
  assert.deepEqual(names(fieldsAt(SCHEMA, [], ["goal"])), ["seed", "steps", "named"]);
  assert.deepEqual(seed?.meanings, ["chance"]);
  assert.deepEqual(seed?.range, { types: ["integer"], limits: [0, 9], fallback: 1 });
});

test("of several shapes those count that fit what is written", () => {
  assert.deepEqual(names(fieldsAt(SCHEMA, step, [])), ["c_us", "gil", "repeat", "steps"]);
  assert.deepEqual(names(fieldsAt(SCHEMA, step, ["c_us"])), ["gil"]);
  const inner = [...step, { part: "steps", fields: ["repeat", "steps"] }, { part: "3", fields: [] }];
  assert.deepEqual(names(fieldsAt(SCHEMA, inner, ["repeat"])), ["steps"]);
  const named = [{ part: "named", fields: ["named"] }, { part: "whatever", fields: ["whatever"] }];
  assert.deepEqual(names(fieldsAt(SCHEMA, named, ["gil"])), ["c_us"]);
});

test("a field is explained also where the object fits no shape", () => {
  assert.deepEqual(fieldAt(SCHEMA, step, ["c_us", "gil"], "gil")?.meanings, ["kept or not"]);
  assert.deepEqual(fieldAt(SCHEMA, step, ["repeat", "gil"], "gil")?.meanings, ["kept or not"]);
  assert.equal(fieldAt(SCHEMA, step, ["repeat"], "unknown"), null);
});

test("where several shapes have a field, all that they say of it is said", () => {
  const times = { description: "how often", type: "integer" };
  const size = { description: "how large", type: "number" };
  const schema = {
    anyOf: [
      { type: "object", properties: { ring: { type: "string" }, n: times } },
      { type: "object", properties: { box: { type: "string" }, n: size } },
    ],
  };
  const meanings = (fields: string[]) => fieldAt(schema, [], fields, "n")?.meanings;
  assert.deepEqual(meanings([]), ["how often", "how large"]);
  assert.deepEqual(meanings(["box", "misspelt"]), ["how large"]);
  assert.deepEqual(fieldsAt(schema, [], ["ring"]).map(({ meanings }) => meanings), [["how often"]]);
});

test("values are words of lists, the only one, and those of all shapes", () => {
  assert.deepEqual(valuesAt(SCHEMA, [{ part: "goal", fields: ["goal"] }]), ["cpu_us", "makespan_us"]);
  assert.deepEqual(valuesAt(SCHEMA, step), ["nothing"]);
  const dist = [...step, { part: "c_us", fields: ["c_us"] }, { part: "dist", fields: ["dist"] }];
  assert.deepEqual(valuesAt(SCHEMA, dist), ["constant", "uniform"]);
  assert.deepEqual(valuesAt(null, dist), []);
});

test("a new field comes with brackets or quotes to write between", () => {
  const samples = fieldsAt(SCHEMA, [], []).map((field) => sampleOf(SCHEMA, field));
  assert.deepEqual(samples, ["", '""', "[]", "{}"]);
});
