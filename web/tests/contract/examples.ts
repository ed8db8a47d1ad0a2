// SPDX-License-Identifier: MIT
// Examples of the contract. They are answers of this server, cut: a list to its first items, a map
// to its first members. The figures are those of some day; their form must be that of today.

import { readFileSync, writeFileSync } from "node:fs";
import type { Json } from "./contract";

const ITEMS = 2;
/* Of what gives codes their meaning. */
const WORDS = 32;
const LINES = 8;

/** Where a value has members: "items[].metrics.cpu_us". What is null may be anything. */
export function placesOf(value: unknown, at = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => placesOf(item, `${at}[]`));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => [`${at}.${key}`, ...placesOf(member, `${at}.${key}`)]);
}

/** Follows references, and takes choices apart. */
export type Alternatives = (schema: Json) => Json[];

export function excerpt(value: unknown, schema: Json, alternatives: Alternatives): unknown {
  if (schema.$ref === "#/components/schemas/Document") return value;
  const of = alternatives(schema);
  const first = (find: (it: Json) => unknown): Json => (of.map(find).find((it) => typeof it === "object") ?? {}) as Json;
  if (Array.isArray(value)) {
    const least = Math.max(0, ...of.map((it) => (it.minItems ?? 0) as number));
    const count = value.every((item) => typeof item === "string") ? WORDS : Math.max(ITEMS, least);
    const items = first((it) => it.items);
    return value.slice(0, count).map((item) => excerpt(item, items, alternatives));
  }
  if (typeof value !== "object" || value === null) return value;
  const isMap = !of.some((it) => it.properties);
  const needed = of.flatMap((it) => (it.required ?? []) as string[]);
  const members = Object.entries(value)
    .filter(([key]) => !isMap || needed.length === 0 || needed.includes(key))
    .slice(0, isMap ? Math.max(ITEMS, needed.length) : undefined);
  return Object.fromEntries(
    members.map(([key, member]) => {
      const its = first((it) => (it.properties as Json | undefined)?.[key] ?? it.additionalProperties);
      return [key, excerpt(member, its, alternatives)];
    }),
  );
}

export function firstLines(text: string): string {
  return `${text.split("\n").slice(0, LINES).join("\n")}\n`;
}

/** The beginning of a stream, and the first event of each name. */
export function firstEvents(text: string): string {
  const seen = new Set<string>();
  const isFirst = (part: string): boolean => {
    const name = /^event: (.*)$/m.exec(part)?.[1] ?? part;
    return part !== "" && !seen.has(name) && seen.add(name).size > 0;
  };
  return text
    .split("\n\n")
    .filter(isFirst)
    .map((part) => `${part}\n\n`)
    .join("");
}

/** Events of a text: name and data. */
export function eventsOf(text: string): [string, unknown][] {
  return [...text.matchAll(/^event: (.*)\ndata: (.*)$/gm)].map(([, name, data]) => [name ?? "", JSON.parse(data ?? "")]);
}

/** Changes the file of the contract; it stays as it is written by hand. */
export function rewrite(file: string, change: (contract: Json) => void): void {
  const contract = JSON.parse(readFileSync(file, "utf8")) as Json;
  change(contract);
  writeFileSync(file, `${JSON.stringify(contract, null, 2)}\n`);
}
