// SPDX-License-Identifier: MIT
// What the JSON Schema of documents says about a place in one: which fields may be there, what
// they mean and what values they have. Of several shapes those count that fit what is written.

import { isRecord } from "./grid";

/** What a value may be, to be put in words. */
export interface Range {
  /** "number", "object": as JSON Schema calls them. */
  types: readonly string[];
  limits: readonly [number, number] | null;
  /** The value when the field is not written; undefined: none. */
  fallback: unknown;
}

export interface FieldWords {
  name: string;
  /** What the schema says of it; several where it is not clear yet which shape is written. */
  meanings: readonly string[];
  range: Range;
  schema: Record<string, unknown>;
  required: boolean;
}

type Schema = Record<string, unknown>;

/* References lead to shapes that lead on. */
const DEPTH_MAX = 12;

function follow(root: Schema, schema: unknown): Schema | null {
  if (!isRecord(schema)) return null;
  if (typeof schema.$ref !== "string") return schema;
  const name = schema.$ref.replace("#/$defs/", "");
  return isRecord(root.$defs) && isRecord(root.$defs[name]) ? root.$defs[name] : null;
}

/** All shapes that a value may have, without choices between them. */
function shapesOf(root: Schema, schema: unknown, depth = 0): Schema[] {
  const at = follow(root, schema);
  if (!at || depth > DEPTH_MAX) return [];
  return Array.isArray(at.anyOf) ? at.anyOf.flatMap((one) => shapesOf(root, one, depth + 1)) : [at];
}

function memberSchema(shape: Schema, part: string): unknown {
  if (shape.type === "array") return shape.items;
  return propertiesOf(shape)[part] ?? (isRecord(shape.additionalProperties) ? shape.additionalProperties : undefined);
}

function propertiesOf(shape: Schema): Record<string, unknown> {
  return isRecord(shape.properties) ? shape.properties : {};
}

/** Of the shapes of an object those in which most of its fields occur: one may be misspelt. */
function fitting(shapes: readonly Schema[], fields: readonly string[]): readonly Schema[] {
  const objects = shapes.filter((shape) => shape.type === "object");
  const known = (shape: Schema): number =>
    fields.filter((field) => Object.hasOwn(propertiesOf(shape), field)).length;
  const most = Math.max(0, ...objects.map(known));
  return objects.filter((shape) => known(shape) === most);
}

/** A step down from a value: the key or index, and the fields that the value has. */
export interface PathStep {
  part: string;
  fields: readonly string[];
}

function shapesAt(root: Schema, path: readonly PathStep[]): Schema[] {
  return path.reduce<Schema[]>((shapes, { part, fields }) => {
    const lists = shapes.filter((shape) => shape.type === "array");
    const chosen = [...lists, ...fitting(shapes, fields)];
    return chosen.flatMap((shape) => shapesOf(root, memberSchema(shape, part)));
  }, shapesOf(root, root));
}

function limitsOf({ minimum, maximum }: Schema): [number, number] | null {
  return typeof minimum === "number" && typeof maximum === "number" ? [minimum, maximum] : null;
}

/* A list of words without a type is one of strings. */
function typeOf({ type, enum: words }: Schema): string | null {
  if (typeof type === "string") return type;
  return Array.isArray(words) ? "string" : null;
}

function rangeOf(root: Schema, schema: Schema): Range {
  const shapes = shapesOf(root, schema);
  const types = shapes.map(typeOf).filter((type) => type !== null);
  return {
    types: [...new Set(types)],
    limits: shapes.map(limitsOf).find((limits) => limits !== null) ?? null,
    fallback: schema.default,
  };
}

function fieldOf(root: Schema, shape: Schema, name: string, schema: Schema): FieldWords {
  const { description } = schema;
  return {
    name,
    meanings: typeof description === "string" ? [description] : [],
    range: rangeOf(root, schema),
    schema,
    required: Array.isArray(shape.required) && shape.required.includes(name),
  };
}

/* A name that several shapes have: what only one of them says of it is said, too. */
function joined(one: FieldWords, other: FieldWords): FieldWords {
  return { ...one, meanings: [...new Set([...one.meanings, ...other.meanings])] };
}

/** Fields that the object at `path` may have besides `fields`, which it has. */
export function fieldsAt(root: unknown, path: readonly PathStep[], fields: readonly string[]): FieldWords[] {
  if (!isRecord(root)) return [];
  const found = new Map<string, FieldWords>();
  for (const shape of fitting(shapesAt(root, path), fields)) {
    for (const [name, schema] of Object.entries(propertiesOf(shape))) {
      if (fields.includes(name) || !isRecord(schema)) continue;
      const field = fieldOf(root, shape, name, schema);
      const before = found.get(name);
      found.set(name, before ? joined(before, field) : field);
    }
  }
  return [...found.values()];
}

/** What is said of a field of the object at `path`, which has `fields`. */
export function fieldAt(
  root: unknown,
  path: readonly PathStep[],
  fields: readonly string[],
  name: string,
): FieldWords | null {
  if (!isRecord(root)) return null;
  const having = shapesAt(root, path).filter((shape) => Object.hasOwn(propertiesOf(shape), name));
  const all = fitting(having, fields).map((shape) => {
    const schema = propertiesOf(shape)[name];
    return fieldOf(root, shape, name, isRecord(schema) ? schema : {});
  });
  return all.length > 0 ? all.reduce(joined) : null;
}

/** Values that can be at `path`: words of a list, true and false, the only one. */
export function valuesAt(root: unknown, path: readonly PathStep[]): unknown[] {
  if (!isRecord(root)) return [];
  return shapesAt(root, path).flatMap((shape) => {
    if (Array.isArray(shape.enum)) return shape.enum as unknown[];
    if (shape.const !== undefined) return [shape.const];
    return shape.type === "boolean" ? [true, false] : [];
  });
}

/** What to write for a value of that kind, to be typed over. */
export function sampleOf(root: unknown, field: FieldWords): string {
  const [shape] = isRecord(root) ? shapesOf(root, field.schema) : [];
  const { type } = shape ?? {};
  if (type === "array") return "[]";
  if (type === "object") return "{}";
  if (type === "string" || Array.isArray(shape?.enum)) return '""';
  return type === "boolean" ? "true" : "";
}
