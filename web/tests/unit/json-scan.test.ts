// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { findPlace, lineOf, resolvePointer, scanJson } from "../../src/lib/json-scan";

const DOCUMENT = `{
  "schema": 1,
  "workload": {
    "actors": [
      {"name": "a/b", "steps": [{"python_us": 1000}]}
    ]
  }
}`;

test("tokens cover the text without gaps", () => {
  for (const text of [DOCUMENT, '[1, -2.5e3, true, null, "\\u00e9"]', '{"a": [1, 2', "{'a': 1}"]) {
    let at = 0;
    for (const token of scanJson(text).tokens) {
      assert.equal(token.start, at);
      at = token.end;
    }
    assert.equal(at, text.length);
  }
});

test("a pointer leads to its line, key included", () => {
  const scan = scanJson(DOCUMENT);
  const place = findPlace(scan, "/workload/actors/0/steps/0/python_us");
  assert.ok(place);
  assert.equal(lineOf(DOCUMENT, place.keyStart), 5);
  assert.equal(DOCUMENT.slice(place.keyStart, place.end), '"python_us": 1000');
});

test("a pointer to something missing leads to the nearest thing around it", () => {
  const scan = scanJson(DOCUMENT);
  const place = findPlace(scan, "/workload/jobs/count");
  assert.ok(place);
  assert.equal(lineOf(DOCUMENT, place.keyStart), 3);
  assert.deepEqual(findPlace(scan, "/nothing"), findPlace(scan, ""));
});

test("keys with a slash or a tilde are escaped in pointers", () => {
  const scan = scanJson('{"a/b": {"c~d": 7}}');
  assert.ok(scan.places.has("/a~1b/c~0d"));
  assert.equal(resolvePointer({ "a/b": { "c~d": 7 } }, "/a~1b/c~0d"), 7);
});

test("agrees with JSON.parse on what is JSON", () => {
  const texts = [
    "1",
    "-0",
    "01",
    "1.",
    ".5",
    "1e5",
    "+1",
    "NaN",
    "tru",
    "true",
    '"a',
    '"a\\x"',
    '"\\ud800"',
    "[]",
    "[1,]",
    "[,]",
    "{}",
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    "{a:1}",
    "[1 2]",
    "1 2",
    "",
    " ",
    '"tab\there"',
    "[1e400]",
    "--1",
    "1a",
    "[true,false,null]",
    "nul",
  ];
  for (const text of texts) {
    let valid = true;
    try {
      JSON.parse(text);
    } catch {
      valid = false;
    }
    assert.equal(scanJson(text).error === null, valid, JSON.stringify(text));
  }
});

test("says what is wrong and where", () => {
  const cases: [string, string, number][] = [
    ["", "empty", 0],
    ['{"a": 1 "b": 2}', "expected_comma", 8],
    ['{"a" 1}', "expected_colon", 5],
    ["{a: 1}", "expected_key", 1],
    ['{"a": 1, "a": 2}', "duplicate_key", 9],
    ['["abc]', "unterminated_string", 1],
    ['["\\q"]', "bad_escape", 2],
    ["[01]", "bad_number", 1],
    ["[1] 2", "trailing", 4],
    ['{"a": [1', "unexpected_end", 8],
    ["[x]", "unexpected", 1],
  ];
  for (const [text, problem, offset] of cases) {
    assert.deepEqual(scanJson(text).error, { problem, offset }, text);
  }
});

test("refuses nesting beyond its limit instead of running out of stack", () => {
  assert.equal(scanJson("[".repeat(100_000)).error?.problem, "too_deep");
});

test("resolves pointers only through own members", () => {
  const document = { list: [10, { deep: "x" }] };
  assert.equal(resolvePointer(document, "/list/1/deep"), "x");
  assert.equal(resolvePointer(document, "/list/7"), undefined);
  assert.equal(resolvePointer(document, "/toString"), undefined);
  assert.equal(resolvePointer(document, ""), document);
});
