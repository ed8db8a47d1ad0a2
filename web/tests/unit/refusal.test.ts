// SPDX-License-Identifier: MIT
// The refusals that the page can say are those that the server's source writes, no fewer and no
// more, and every part of them that is words is said in words.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { refusals } from "../../src/i18n/refusals-pl";
import { refusalSaying, refusalText } from "../../src/lib/refusal";

const root = dirname(process.env.GILSCOPE_WEB ?? process.cwd());
const read = (path: string): string => readFileSync(join(root, path), "utf8");

function sourcesIn(folder: string): string[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".c"))
    .map((name) => `${folder}/${name}`);
}

/* What an answer to a request can come from. */
const SOURCES = [
  ...["server/advice", "server/api", "server/document", "server/grid", "server/jobs", "server/stream"].flatMap(sourcesIn),
  ...["access", "http_exchange", "request_check"].map((name) => `server/http/${name}.c`),
  ...["analysis_store", "cell_store", "library", "note_store", "removal", "run_store"].map(
    (name) => `db/${name}.c`,
  ),
  ...["range_totals", "span_search", "sql_session", "timeline"].map((name) => `db/${name}.c`),
  ...sourcesIn("db").filter((path) => path.startsWith("db/experiment")),
  "engine/program/plan.c",
];

const STRING = /"((?:[^"\\]|\\.)*)"/g;
const CALL = /\b(?:err_set|err_set_pointer|reader_refuse|reader_refuse_member|problem_set|http_exchange_refuse)\s*\(/g;
/* Sentences about the inside of the server are said by their kind. */
const INSIDE = /\bERR_(?:CORRUPT|DB|IO|NOMEM)\b/;

/** The arguments of the call whose bracket opens before `from`; commas in brackets and strings stay. */
function argumentsFrom(code: string, from: number): string[] {
  const found = [""];
  let depth = 1;
  for (let at = from; depth > 0; at += 1) {
    const text = code[at] === '"' ? (/^"(?:[^"\\]|\\.)*"/.exec(code.slice(at))?.[0] ?? "") : (code[at] ?? "");
    if (text === "(") depth += 1;
    else if (text === ")") depth -= 1;
    if (text === "," && depth === 1) found.push("");
    else found[found.length - 1] += depth > 0 ? text : "";
    at += Math.max(0, text.length - 1);
    assert.ok(at < code.length, "a call without an end");
  }
  return found.map((text) => text.trim());
}

/** The strings of an argument; neighbours are one. */
function stringsOf(argument: string): string[] {
  const runs = argument.match(/"(?:[^"\\]|\\.)*"(?:\s*"(?:[^"\\]|\\.)*")*/g) ?? [];
  return runs.map((run) => [...run.matchAll(STRING)].map(([, text]) => (text ?? "").replace(/\\(.)/g, "$1")).join(""));
}

/** Of a format: its text with {0}, {1} in the place of what is printed. */
function messageOf(format: string): string {
  let count = 0;
  return format.replace(/%%|%[-0-9.*]*(?:ll|l|z|h)?[a-zA-Z]/g, (text) => (text === "%%" ? "%" : `{${count++}}`));
}

/* Which argument is the format. */
const FORMAT: Record<string, number> = {
  err_set: 2,
  err_set_pointer: 2,
  reader_refuse: 1,
  reader_refuse_member: 2,
  problem_set: 4,
  http_exchange_refuse: 2,
};

function messagesOf(path: string): string[] {
  const code = read(path);
  return [...code.matchAll(CALL)].flatMap((match) => {
    const list = argumentsFrom(code, match.index + match[0].length);
    if (list.some((text) => INSIDE.test(text))) return [];
    const at = FORMAT[match[0].replace(/\s*\($/, "")] ?? 0;
    const formats = stringsOf(list[at] ?? "");
    /* A sentence that is chosen: all that it may be. */
    return formats[0] === "%s" ? list.slice(at + 1).flatMap(stringsOf) : formats.map(messageOf);
  });
}

/* The plan's checks of what the reader of documents has refused already, and what is between
   parts of the program: nobody who sends a request can bring them about. */
const UNREACHABLE = new Set([
  "'{0}' is no final status",
  "a new cell cannot be '{0}'",
  "a job sends 0 to {0} bytes each way",
  "a pool is beside an event loop",
  "a strategy needs at least one worker",
  "an item has 0 to {0} bytes",
  "each process runs threads or an event loop",
  "experiment {0} is not queued",
  "experiment {0} was taken by another process",
  "more than {0} threads or tasks",
  "no experiment is queued",
  "object '{0}' has no such size",
  "one pool beside an event loop, or none",
  "step {0} has a body out of range",
  "steps are nested deeper than {0}",
  "steps {0}..{1} are out of range",
  "tasks of actor '{0}' are out of range",
  "the name does not exist",
  "the object does not exist or is of another kind",
  "the step cannot stand here",
  "there is no such way to start a process",
  "there was one job",
  "these are no arrivals",
  "this is no law of a time that is 0 or more",
  "this is no step",
  "{0} is {1}, must be between {2} and {3}",
]);

test("every refusal of the server has a sentence, and no sentence is of another time", () => {
  const messages = new Set(SOURCES.flatMap(messagesOf));
  assert.ok(messages.size > 200, `${messages.size}`);
  for (const message of UNREACHABLE) assert.ok(messages.delete(message), `gone from the source: ${message}`);
  const known = new Set(Object.keys(refusals.sentences));
  const missing = [...messages].filter((message) => !known.has(message));
  const spare = [...known].filter((message) => !messages.has(message));
  assert.deepEqual({ missing, spare }, { missing: [], spare: [] });
});

test("every sentence says the values of its original, and only those", () => {
  const indices = (text: string) => new Set([...text.matchAll(/\{[np]?(\d)\}/g)].map(([, index]) => index));
  /* An article, or the English meaning of a field, has no place in another language. */
  const spare = /\bis \{1\} \{2\}|needs \{\d\} \{\d\}|is \{3\} \{4\}|lacks '\{1\}': \{2\}/;
  for (const [message, text] of [...Object.entries(refusals.sentences), ...Object.entries(refusals.phrases)]) {
    const wanted = indices(message);
    for (const index of indices(text)) assert.ok(wanted.has(index), text);
    if (!spare.test(message)) assert.equal(indices(text).size, wanted.size, text);
  }
});

test("what the server puts into its sentences in words has its words", () => {
  const phrases = new Set<string>();
  const add = (path: string, pattern: RegExp) => {
    const found = [...read(path).replace(/"\s*"/g, "").matchAll(pattern)].map(([, text]) => text ?? "");
    assert.ok(found.length > 0, `${path} ${pattern}`);
    for (const text of found) phrases.add(text.replace(/\\(.)/g, "$1"));
  };
  for (const path of sourcesIn("server/document").filter((name) => /schema(_\w+)?\.c$/.test(name))) {
    add(path, /(?:\bOBJECT\(|\.phrase = )"([^"]+)"/g);
  }
  add("server/document/schema_steps.c", /\.instead = "([^"]+)"/g);
  add("server/document/schema_steps.c", /_instead\[\] =\s*"([^"]+)"/g);
  add("server/document/names.c", /\[NAMES_\w+\] = "([^"]+)"/g);
  add("server/document/names.c", /return "((?:[^"\\]|\\.){2,})"/g);
  add("server/document/text.c", /return "([^"]+)"/g);
  add("server/document/reader.c", /refuse_type\([^";{]*"([^"]+)"/g);
  add("server/document/reader.c", /check_size\([^";{]*"([^"]+)"/g);
  /* Names in quotes are names of fields, and these three are values of JSON. */
  const asTheyAre = /^(?:'.*'|true|false|null)$/;
  for (const phrase of [...phrases].filter((text) => !asTheyAre.test(text))) {
    const said = refusalText({ message: "line {0}, column {1}: {2}", values: ["1", "2", phrase] }, refusals, "pl");
    assert.ok(said && !said.endsWith(`: ${phrase}`), phrase);
  }
});

test("what the model leaves out is said, all of it and nothing else", () => {
  const [, list = ""] = /run_not_modelled\[\] = \{(.*?)NULL/s.exec(read("engine/analysis/run.c")) ?? [];
  const left = stringsOf(list);
  assert.ok(left.length > 5);
  assert.deepEqual(Object.keys(refusals.notModelled).sort(), left.sort());
});

test("a sentence is filled with numbers, words and names", () => {
  const say = (message: string, ...values: string[]) => refusalText({ message, values }, refusals, "pl");
  assert.equal(
    say("unknown field {0}; {1}", "'stepz'", "did you mean 'steps'?"),
    "nieznane pole „stepz”; czy chodziło o „steps”?",
  );
  assert.equal(
    say("'{0}' must be {1}, not {2}", "cores", "a whole number from 1 to 1024000", "a string"),
    "„cores”: ma tu być liczba całkowita od 1 do 1\u00a0024\u00a0000, a jest napis",
  );
  assert.equal(
    say("{0} must be an object: { ... }, not {1}", "an io_us step", "null"),
    "krok io_us: ma tu być obiekt: { ... }, a jest null",
  );
  assert.equal(say("there is no {0} {1}", "experiment", "e12345"), "eksperyment e12345: nie ma go na tym serwerze");
  assert.equal(say("a sentence of the future"), null);
});

test("a refusal that was stored as text is known again, with its values", () => {
  const fill = (message: string) => message.replace(/\{(\d)\}/g, (_, index: string) => `value${index}`);
  for (const message of Object.keys(refusals.sentences)) {
    const found = refusalSaying(fill(message), refusals);
    assert.equal(found?.message, message);
    // Where two stand together, nothing says where one ends.
    const values = [...message.matchAll(/\{(\d)\}/g)].map(([, index]) => `value${index}`);
    assert.equal(found.values.join(""), values.join(""), message);
  }
  const text =
    "'put' cannot be used here: shared objects belong to threads and event loops of one interpreter; describe the work as such actors (interpreters can put into an interpreter_queue and get from it)";
  const put = refusalSaying(text, refusals);
  assert.equal(put?.message, "'{0}' cannot be used here: {1}");
  assert.match(refusalText(put, refusals, "pl") ?? "", /^„put” nie może tu stać: wspólne/);
  assert.equal(refusalSaying("a sentence of the future", refusals), null);
});
