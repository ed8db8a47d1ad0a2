// SPDX-License-Identifier: MIT
// What the JSON Schema of documents says about a place in one: which fields may be there, what
// they mean and what values they have. Of several shapes those count that fit what is written.

import { isRecord } from "./grid";

export interface FieldWords {
  name: string;
  meaning: string;
  /** "number, 0 to 1000, default 5"; "" when there is nothing to say. */
  range: string;
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
  const own = isRecord(shape.properties) ? shape.properties[part] : undefined;
  return own ?? (isRecord(shape.additionalProperties) ? shape.additionalProperties : undefined);
}

function hasFields(shape: Schema, fields: readonly string[]): boolean {
  const properties = isRecord(shape.properties) ? shape.properties : null;
  return properties !== null && fields.every((field) => field in properties);
}

/** Of the shapes of an object those in which all its fields occur; all when there are none. */
function fitting(shapes: readonly Schema[], fields: readonly string[]): readonly Schema[] {
  const objects = shapes.filter((shape) => shape.type === "object");
  const fit = objects.filter((shape) => hasFields(shape, fields));
  return fit.length > 0 ? fit : objects;
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

function bounds(schema: Schema): string {
  const { minimum, maximum } = schema;
  if (typeof minimum === "number" && typeof maximum === "number") return `${minimum} … ${maximum}`;
  return "";
}

function rangeOf(root: Schema, schema: unknown): string {
  const own = isRecord(schema) ? schema : {};
  const shapes = shapesOf(root, schema);
  const types = [...new Set(shapes.map(({ type }) => type).filter((type) => typeof type === "string"))];
  const limits = shapes.map(bounds).find((text) => text !== "") ?? "";
  const fallback = own.default === undefined ? "" : `= ${JSON.stringify(own.default)}`;
  return [types.join(" | "), limits, fallback].filter(Boolean).join(", ");
}

/** Fields that the object at `path` may have besides `fields`, which it has. */
export function fieldsAt(root: unknown, path: readonly PathStep[], fields: readonly string[]): FieldWords[] {
  if (!isRecord(root)) return [];
  const found = new Map<string, FieldWords>();
  for (const shape of fitting(shapesAt(root, path), fields)) {
    const required = Array.isArray(shape.required) ? shape.required : [];
    for (const [name, schema] of Object.entries(isRecord(shape.properties) ? shape.properties : {})) {
      if (fields.includes(name) || found.has(name) || !isRecord(schema)) continue;
      const meaning = typeof schema.description === "string" ? schema.description : "";
      found.set(name, { name, meaning, range: rangeOf(root, schema), schema, required: required.includes(name) });
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
  const others = fields.filter((field) => field !== name);
  const all = fieldsAt(root, path, []);
  const fit = fieldsAt(root, path, others).find((field) => field.name === name);
  return fit ?? all.find((field) => field.name === name) ?? null;
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
