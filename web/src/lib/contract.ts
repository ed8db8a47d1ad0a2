// SPDX-License-Identifier: MIT
// The server's contract (OpenAPI 3.1) as a page shows it: operations by tag, schemas by name, and
// references followed or turned into links.

export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  description?: string;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
}

interface Content {
  schema?: Schema;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
  "x-events"?: Record<string, Schema>;
}

interface Reference {
  $ref?: string;
}

export interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema: Schema;
}

interface RawOperation {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  parameters?: (Parameter & Reference)[];
  requestBody?: Reference & { content?: Record<string, Content> };
  responses: Record<string, Reference & { description?: string; content?: Record<string, Content> }>;
}

export interface OpenApi {
  info: { version: string; description: string };
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, RawOperation>>;
  components: { schemas: Record<string, Schema> };
}

export interface Example {
  /** "" when it is the only one. */
  name: string;
  value: unknown;
}

export interface Body {
  /** Media type. */
  type: string;
  schema: Schema | null;
  examples: Example[];
  /** Of server-sent events: the schema of the data of each. */
  events: Record<string, Schema>;
}

export interface Answer {
  status: string;
  description: string;
  bodies: Body[];
}

export interface Operation {
  id: string;
  tag: string;
  method: string;
  path: string;
  summary: string;
  description: string;
  parameters: Parameter[];
  body: Body | null;
  answers: Answer[];
}

/** What a local reference leads to; anything else is itself. */
function follow<T extends Reference>(contract: OpenApi, node: T): T {
  if (node.$ref === undefined) return node;
  let at: unknown = contract;
  for (const step of node.$ref.replace(/^#\//, "").split("/")) {
    at = (at as Record<string, unknown> | undefined)?.[step];
  }
  return (at ?? {}) as T;
}

function examplesOf({ example, examples }: Content): Example[] {
  const named = Object.entries(examples ?? {}).map(([name, { value }]) => ({ name, value }));
  return example === undefined ? named : [{ name: "", value: example }, ...named];
}

function bodiesOf(content: Record<string, Content> | undefined): Body[] {
  return Object.entries(content ?? {}).map(([type, it]) => ({
    type,
    schema: it.schema ?? null,
    examples: examplesOf(it),
    events: it["x-events"] ?? {},
  }));
}

function readOperation(contract: OpenApi, path: string, method: string, raw: RawOperation): Operation {
  const body = raw.requestBody && follow(contract, raw.requestBody);
  return {
    id: raw.operationId,
    tag: raw.tags[0] ?? "",
    method: method.toUpperCase(),
    path,
    summary: raw.summary,
    description: raw.description ?? "",
    parameters: (raw.parameters ?? []).map((it) => follow(contract, it)),
    body: bodiesOf(body?.content)[0] ?? null,
    answers: Object.entries(raw.responses).map(([status, it]) => {
      const answer = follow(contract, it);
      return { status, description: answer.description ?? "", bodies: bodiesOf(answer.content) };
    }),
  };
}

export function operationsOf(contract: OpenApi): Operation[] {
  return Object.entries(contract.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, raw]) => readOperation(contract, path, method, raw)),
  );
}

/** The name of the schema that is referred to. */
export function schemaName(schema: Schema): string | null {
  return /^#\/components\/schemas\/(\w+)$/.exec(schema.$ref ?? "")?.[1] ?? null;
}

/** The schemas that may be in the place of this one, without the wrapping of null. */
export function choicesOf(schema: Schema): Schema[] {
  return schema.oneOf ?? schema.anyOf ?? [];
}

/** "integer (int64)", "string | null". */
export function typeWords(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map(String).join(" | ");
  const types = schema.type === undefined ? [] : [schema.type].flat();
  return types.join(" | ") + (schema.format ? ` (${schema.format})` : "");
}

/** What else must hold: "1 .. 200", "default 50". */
export function boundsOf(schema: Schema): string[] {
  const range = (least: number | undefined, most: number | undefined, of: string): string[] =>
    least === undefined && most === undefined ? [] : [`${least ?? ""} .. ${most ?? ""}${of}`];
  return [
    ...range(schema.minimum, schema.maximum, ""),
    ...range(schema.minLength, schema.maxLength, " characters"),
    ...range(schema.minItems, schema.maxItems, " items"),
    ...(schema.pattern === undefined ? [] : [schema.pattern]),
    ...(schema.default === undefined ? [] : [`default ${JSON.stringify(schema.default)}`]),
  ];
}

const quoted = (text: string): string => `'${text.replace(/'/g, "'\\''")}'`;

/** A line for a shell: with the example as the body, and with what is required. */
export function curlLine(operation: Operation, origin: string): string {
  const query = operation.parameters
    .filter((it) => it.in === "query" && it.required)
    .map((it) => `${it.name}=${it.name.toUpperCase()}`)
    .join("&");
  const url = `${origin}${operation.path.replace("{id}", "ID")}${query && `?${query}`}`;
  const parts = ["curl", "-sS"];
  if (operation.method !== "GET" && !(operation.method === "POST" && operation.body)) parts.push("-X", operation.method);
  if (operation.answers.some(({ bodies }) => bodies.some(({ type }) => type === "text/event-stream"))) parts.push("-N");
  if (operation.body) {
    parts.push("-H", quoted(`Content-Type: ${operation.body.type}`));
    parts.push("-d", quoted(JSON.stringify(operation.body.examples[0]?.value ?? {})));
  }
  return [...parts, quoted(url)].join(" ");
}

export type Block = { kind: "text"; text: string } | { kind: "code"; text: string } | { kind: "list"; items: string[] };

const unwrap = (lines: string[]): string => lines.map((line) => line.trim()).join(" ");

/** The little of Markdown that descriptions use: paragraphs, lists with "- ", indented code. */
export function blocksOf(text: string): Block[] {
  return text
    .split(/\n\s*\n/)
    .map((part) => part.replace(/^\n+|\s+$/g, "").split("\n"))
    .filter((lines) => lines[0] !== "")
    .map((lines): Block => {
      if (lines.every((line) => line.startsWith("    "))) {
        return { kind: "code", text: lines.map((line) => line.slice(4)).join("\n") };
      }
      if (lines[0]?.startsWith("- ")) {
        const items: string[][] = [];
        for (const line of lines) {
          if (line.startsWith("- ")) items.push([line.slice(2)]);
          else items.at(-1)?.push(line);
        }
        return { kind: "list", items: items.map(unwrap) };
      }
      return { kind: "text", text: unwrap(lines) };
    });
}
