// SPDX-License-Identifier: MIT
// Asks a live server as its contract says, and holds each answer against it: the status and the
// media type are listed, the body is valid, and has no member that the schema does not declare.

import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { eventsOf, excerpt, firstEvents, firstLines, placesOf } from "./examples";

export type Json = Record<string, unknown>;

interface Parameter {
  name: string;
  in: "query" | "path" | "header";
  required?: boolean;
}

export interface MediaType {
  schema: Json;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
  "x-events"?: Record<string, Json>;
}

/** Something that was answered, and what all of its kind have. */
interface Sample {
  value: unknown;
  places: Set<string>;
}

export const NDJSON = "application/x-ndjson";
const SQLITE = "application/vnd.sqlite3";
/* The text that every such file begins with, and that alone is text. */
const SQLITE_MAGIC = "SQLite format 3".length;
export const PROBLEM = "application/problem+json";

export function examplesOf({ example, examples }: MediaType): unknown[] {
  return example !== undefined ? [example] : Object.values(examples ?? {}).map(({ value }) => value);
}

interface Response {
  content?: Record<string, MediaType>;
  headers?: Record<string, { required?: boolean }>;
}

export interface Operation {
  id: string;
  method: string;
  path: string;
  parameters: Parameter[];
  body: Record<string, MediaType> | null;
  responses: Record<string, Response>;
}

export interface Ask {
  id?: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: unknown;
}

export interface Answer {
  status: number;
  type: string;
  headers: Headers;
  text: string;
  /** Of an answer in JSON. */
  json: Json;
}

const METHODS = ["get", "put", "post", "delete", "patch"];

/** Those of HTTP itself, and those that the contract tells of once for every operation. */
const HEADERS_OF_ALL = [
  ...["connection", "content-length", "content-type", "date", "keep-alive", "transfer-encoding"],
  ...["cache-control", "content-encoding", "etag", "vary", "x-request-id"],
  ...["content-security-policy", "x-content-type-options", "referrer-policy"],
  ...["cross-origin-opener-policy", "cross-origin-resource-policy"],
];

/** Every object that says which members it has has no others. */
function close(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(close);
  if (typeof node !== "object" || node === null) return node;
  const closed = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, close(value)])) as Json;
  const isSchema = closed.type === "object" && closed.properties !== undefined;
  if (isSchema && closed.additionalProperties === undefined) closed.unevaluatedProperties = false;
  if (typeof closed.$ref === "string") closed.$ref = closed.$ref.replace("#/components/schemas/", "contract#/$defs/");
  return closed;
}

export class Contract {
  readonly operations: Operation[];
  /** "get_run 200 application/json": what was answered. */
  readonly seen = new Set<string>();
  /** By the same words, and for lines "item" or "end"; of problems by kind and status. */
  readonly samples: Map<string, Sample>;
  /** Operations whose example of a body was sent, and accepted. */
  readonly accepted = new Set<string>();
  private readonly ajv = new Ajv2020({ strict: true, allowUnionTypes: true, strictRequired: false });
  private readonly validators = new Map<unknown, ValidateFunction>();

  /** `of`: what is answered there is an example for both. */
  constructor(
    private readonly document: Json,
    private readonly address: string,
    of?: Contract,
  ) {
    this.samples = of?.samples ?? new Map<string, Sample>();
    for (const format of ["int64", "double"]) this.ajv.addFormat(format, true);
    this.ajv.addVocabulary(["example", "x-events"]);
    const { schemas } = document.components as { schemas: Json };
    this.ajv.addSchema({ $id: "contract", $defs: close(schemas) });
    this.operations = Object.entries(document.paths as Record<string, Record<string, Json>>).flatMap(([path, methods]) =>
      METHODS.filter((method) => methods[method]).map((method) => this.read(path, method, methods[method] as Json)),
    );
  }

  private read(path: string, method: string, operation: Json): Operation {
    const parameters = ((operation.parameters ?? []) as Json[]).map((it) => this.resolve(it) as unknown as Parameter);
    const body = operation.requestBody ? this.resolve(operation.requestBody as Json) : null;
    const responses = Object.entries(operation.responses as Record<string, Json>).map(([status, it]) => [
      status,
      this.resolve(it),
    ]);
    return {
      id: operation.operationId as string,
      method: method.toUpperCase(),
      path,
      parameters,
      body: (body?.content as Operation["body"]) ?? null,
      responses: Object.fromEntries(responses),
    };
  }

  private resolve(node: Json): Json {
    if (typeof node.$ref !== "string") return node;
    const steps = node.$ref.slice(2).split("/");
    return steps.reduce((at, step) => at[step] as Json, this.document);
  }

  find(id: string): Operation {
    const found = this.operations.find((operation) => operation.id === id);
    assert.ok(found, `the contract has no ${id}`);
    return found;
  }

  /** The example of its body. */
  body(id: string): Json {
    const listed = this.find(id).body?.["application/json"];
    assert.ok(listed, `${id} has no body`);
    return examplesOf(listed)[0] as Json;
  }

  private readonly alternatives = (schema: Json): Json[] => {
    const followed = this.resolve(schema);
    const choices = [followed.oneOf, followed.anyOf, followed.allOf].flatMap((it) => (it ?? []) as Json[]);
    return [followed, ...choices.flatMap(this.alternatives)];
  };

  /** What an operation could have as its examples: of a media type, by name where there are two. */
  examplesFor(what: string, type: string, listed: MediaType): Pick<MediaType, "example" | "examples"> {
    const of = (name: string): unknown => {
      const value = this.samples.get(name)?.value;
      assert.ok(value !== undefined, `${name} was never answered`);
      return excerpt(value, listed.schema, this.alternatives);
    };
    if (type === NDJSON) {
      return { examples: { item: { value: of(`${what} item`) }, end: { value: of(`${what} end`) } } };
    }
    if (type === "text/event-stream") return { example: firstEvents(of(what) as string) };
    if (type === SQLITE) return { example: (of(what) as string).slice(0, SQLITE_MAGIC) };
    return { example: type === "text/plain" ? firstLines(of(what) as string) : of(what) };
  }

  /** An example is valid, and has nothing that is never answered. */
  checkExample(what: string, listed: MediaType, example: unknown): void {
    if (listed["x-events"]) {
      const events = eventsOf(example as string);
      assert.ok(events.length > 0, what);
      for (const [name, data] of events) this.validate(listed["x-events"][name] as Json, data, `${what} ${name}`);
      return;
    }
    this.validate(listed.schema, example, what);
  }

  /** The first one of that status. */
  problem(status: number): unknown {
    const found = [...this.samples].find(([what]) => what.endsWith(` ${status}`));
    assert.ok(found, `nothing was refused with ${status}`);
    return found[1].value;
  }

  expectPlaces(what: string, example: unknown, names: string[]): void {
    const seen = new Set(names.flatMap((name) => [...(this.samples.get(name)?.places ?? [])]));
    assert.deepEqual(placesOf(example).filter((place) => !seen.has(place)), [], `${what}: no answer has that`);
  }

  validate(schema: Json, value: unknown, what: string): void {
    const validate = this.validators.get(schema) ?? this.ajv.compile(close(schema) as Json);
    this.validators.set(schema, validate);
    assert.ok(validate(value), `${what}: ${JSON.stringify(validate.errors?.slice(0, 3))}`);
  }

  url(operation: Operation, ask: Ask): string {
    const known = operation.parameters.filter((it) => it.in === "query").map((it) => it.name);
    for (const name of Object.keys(ask.query ?? {})) assert.ok(known.includes(name), `${operation.id} has no ${name}`);
    const query = new URLSearchParams(ask.query).toString();
    return `${this.address}${operation.path.replace("{id}", ask.id ?? "")}${query ? `?${query}` : ""}`;
  }

  /** What the contract lists for that status. */
  private response(operation: Operation, status: number): Response {
    const { responses } = operation;
    const listed = responses[status] ?? responses[`${Math.floor(status / 100)}XX`];
    assert.ok(listed, `${operation.id} does not list ${status}`);
    return listed;
  }

  /** The first of its kind stays as an example of it, until it is forgotten. */
  private keep(what: string, value: unknown): void {
    const sample = this.samples.get(what) ?? { value, places: new Set<string>() };
    for (const place of placesOf(value)) sample.places.add(place);
    this.samples.set(what, sample);
  }

  /** The next answer of that kind is a better example. */
  forget(operation: Operation): void {
    for (const what of this.samples.keys()) if (what.startsWith(`${operation.id} 200 `)) this.samples.delete(what);
  }

  forgetProblems(): void {
    for (const what of this.samples.keys()) if (/ [45]\d\d$/.test(what)) this.samples.delete(what);
  }

  private keepLines(what: string, lines: unknown[]): void {
    if (lines.length > 1) this.keep(`${what} item`, lines[0]);
    this.keep(`${what} end`, lines.at(-1));
  }

  check(operation: Operation, status: number, type: string, text: string): void {
    const what = `${operation.id} ${status} ${type}`;
    const { content } = this.response(operation, status);
    this.seen.add(what);
    if (!content) {
      assert.equal(text, "", `${what}: no body is listed`);
      return;
    }
    const listed = content[type];
    assert.ok(listed, `${what}: the type is not listed`);
    if (/[/+]json$/.test(type)) {
      const value = JSON.parse(text) as Json;
      this.validate(listed.schema, value, what);
      this.keep(type === PROBLEM ? `${value.type} ${status}` : what, value);
    } else if (type === NDJSON) {
      assert.ok(text.endsWith("\n"), what);
      const lines = text.trimEnd().split("\n").map((line) => JSON.parse(line) as unknown);
      for (const line of lines) this.validate(listed.schema, line, what);
      this.keepLines(what, lines);
    } else {
      this.keep(what, text);
    }
  }

  private checkHeaders(operation: Operation, answer: { status: number; headers: Headers }): void {
    const listed = this.response(operation, answer.status).headers ?? {};
    for (const [name, { required }] of Object.entries(listed)) {
      assert.ok(required === false || answer.headers.has(name), `${operation.id} ${answer.status} has no ${name}`);
    }
    const known = new Set([...HEADERS_OF_ALL, ...Object.keys(listed).map((name) => name.toLowerCase())]);
    for (const name of answer.headers.keys()) {
      assert.ok(known.has(name), `${operation.id} ${answer.status}: the header ${name} is not listed`);
    }
  }

  async send(operation: Operation, ask: Ask): Promise<Answer> {
    const body = ask.body === undefined ? undefined : typeof ask.body === "string" ? ask.body : JSON.stringify(ask.body);
    const answer = await fetch(this.url(operation, ask), {
      method: operation.method,
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...ask.headers },
      body,
    });
    const text = await answer.text();
    const type = (answer.headers.get("content-type") ?? "").split(";")[0] ?? "";
    this.check(operation, answer.status, type, text);
    if (answer.ok && ask.body !== undefined && isDeepStrictEqual(ask.body, this.body(operation.id))) {
      this.accepted.add(operation.id);
    }
    this.checkHeaders(operation, answer);
    return {
      status: answer.status,
      type,
      headers: answer.headers,
      text,
      json: /[/+]json$/.test(type) ? JSON.parse(text) : {},
    };
  }

  /** Asks, and wants that status. */
  async ask(id: string, ask: Ask = {}, status = 200): Promise<Answer> {
    const answer = await this.send(this.find(id), ask);
    assert.equal(answer.status, status, `${id}: ${answer.text.slice(0, 300)}`);
    return answer;
  }

  /** The events of a stream until `enough` of them have come. */
  async listen(id: string, ask: Ask, enough: (names: string[]) => boolean): Promise<string[]> {
    const operation = this.find(id);
    const closing = new AbortController();
    const answer = await fetch(this.url(operation, ask), { signal: closing.signal, headers: ask.headers });
    const type = answer.headers.get("content-type") ?? "";
    assert.equal(answer.status, 200);
    this.seen.add(`${id} 200 ${type}`);
    const schemas = this.response(operation, 200).content?.[type]?.["x-events"] ?? {};
    const names: string[] = [];
    let all = "";
    let text = "";
    for await (const piece of answer.body as unknown as AsyncIterable<Uint8Array>) {
      const more = new TextDecoder().decode(piece);
      all += more;
      text += more;
      const parts = text.split("\n\n");
      text = parts.pop() ?? "";
      for (const part of parts) {
        const name = /^event: (.*)$/m.exec(part)?.[1];
        if (!name) continue;
        assert.ok(schemas[name], `${id}: event ${name} is not listed`);
        this.validate(schemas[name], JSON.parse(/^data: (.*)$/m.exec(part)?.[1] ?? ""), `${id} ${name}`);
        names.push(name);
      }
      if (enough(names)) break;
    }
    closing.abort();
    this.keep(`${id} 200 ${type}`, all);
    return names;
  }
}
