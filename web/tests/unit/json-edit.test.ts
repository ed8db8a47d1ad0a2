// SPDX-License-Identifier: MIT
// Edits of a document's text: what they change is what they say, and nothing else.

import assert from "node:assert/strict";
import { test } from "node:test";
import { insertBefore, removeValue, setValue } from "../../src/lib/json-edit";
import { prettyJson } from "../../src/lib/json-pretty";

const TEXT = `{
  "seed": 9007199254740993,   "name":"as I like it",
  "machine": { "cores": 4 },
  "steps": [
    {"python_us": 2e3},
    {"io_us": 50000}
  ],
  "empty": {},
  "none": []
}`;

test("a value takes the place of another, and the rest is as it was written", () => {
  assert.equal(setValue(TEXT, "/machine/cores", 8), TEXT.replace('"cores": 4', '"cores": 8'));
  assert.equal(setValue(TEXT, "/steps/1/io_us", 7), TEXT.replace("50000", "7"));
});

test("what is not there is added at the end of what is around it", () => {
  assert.equal(
    setValue(TEXT, "/machine/profile", "ideal"),
    TEXT.replace('"cores": 4', '"cores": 4, "profile": "ideal"'),
  );
  assert.equal(setValue(TEXT, "/steps/2", { c_us: 1 }), TEXT.replace("50000}", '50000},\n    { "c_us": 1 }'));
  assert.equal(setValue(TEXT, "/none/0", 1), TEXT.replace("[]", "[1]"));
  assert.deepEqual(JSON.parse(setValue(TEXT, "/limits/events", 5)).limits, { events: 5 });
  assert.deepEqual(JSON.parse(setValue(TEXT, "/empty/a~1b", 5)).empty, { "a/b": 5 });
});

test("a member goes with its comma", () => {
  assert.equal(removeValue(TEXT, "/machine/cores"), TEXT.replace('{ "cores": 4 }', "{  }"));
  assert.equal(removeValue(TEXT, "/steps/0"), TEXT.replace('{"python_us": 2e3},\n    ', ""));
  assert.equal(removeValue(TEXT, "/steps/1"), TEXT.replace(',\n    {"io_us": 50000}', ""));
});

test("one is put before another", () => {
  assert.equal(
    insertBefore(TEXT, "/steps/0", { c_us: 1 }),
    TEXT.replace('{"python_us"', '{ "c_us": 1 },\n    {"python_us"'),
  );
  assert.equal(insertBefore('{"a": [1, 2]}', "/a/1", 9), '{"a": [1, 9, 2]}');
});

test("what is no JSON stays", () => {
  for (const text of ["", "{", '{"a" 1}', "[1,]"]) {
    assert.equal(setValue(text, "/a", 1), text);
    assert.equal(removeValue(text, "/a"), text);
    assert.equal(insertBefore(text, "/0", 1), text);
  }
  assert.equal(setValue("[1]", "/0/x", 1), "[1]");
});

/* Random values and edits of them, against the same edits of what the text says. */
test("the text says what the edited value is", () => {
  let state = 7;
  const below = (limit: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % limit;
  };
  const random = (depth: number): unknown => {
    const kind = below(depth > 2 ? 3 : 5);
    if (kind === 3) return Array.from({ length: below(4) }, () => random(depth + 1));
    if (kind === 4) return Object.fromEntries(Array.from({ length: below(4) }, (_, i) => [`k${i}`, random(depth + 1)]));
    return [below(1000), `s"${below(10)}\n`, null][kind];
  };
  for (let round = 0; round < 3000; round++) {
    const value = { root: random(0), list: [random(1), random(1)] } as Record<string, unknown>;
    const text = below(2) === 0 ? prettyJson(value) : JSON.stringify(value, null, below(4));
    const put = random(0);
    const list = value.list as unknown[];
    const index = below(2);
    assert.deepEqual(JSON.parse(setValue(text, "/root", put)), { ...value, root: put });
    assert.deepEqual(JSON.parse(setValue(text, "/new", put)), { ...value, new: put });
    assert.deepEqual(JSON.parse(setValue(text, "/list/2", put)).list, [...list, put]);
    assert.deepEqual(JSON.parse(insertBefore(text, `/list/${index}`, put)).list, [...list.slice(0, index), put, ...list.slice(index)]);
    assert.deepEqual(JSON.parse(removeValue(text, `/list/${index}`)).list, [list[1 - index]]);
  }
});
