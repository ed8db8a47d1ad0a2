// SPDX-License-Identifier: MIT
// Changes of a JSON text that leave alone what they do not change: spaces, order and numbers of
// the user's own stay as they were written. A text that is no JSON is not changed at all.

import { prettyJson } from "./json-pretty";
import { type Place, resolvePointer, type Scan, scanJson } from "./json-scan";

function splice(text: string, start: number, end: number, by: string): string {
  return text.slice(0, start) + by + text.slice(end);
}

/** The spaces with which the line of `offset` begins. */
function indentAt(text: string, offset: number): string {
  const line = text.slice(text.lastIndexOf("\n", offset - 1) + 1, offset);
  return /^[ \t]*/.exec(line)?.[0] ?? "";
}

/** As prettyJson() writes it, with `indent` before all lines but the first. */
function written(value: unknown, indent: string): string {
  const flat = prettyJson([value]).replace(/^\[\n {2}/, "").replace(/\n\]$/, "");
  return flat.replace(/\n {2}/g, `\n${indent}`);
}

function parentOf(pointer: string): { parent: string; key: string } {
  const cut = pointer.lastIndexOf("/");
  const key = pointer.slice(cut + 1).replace(/~1/g, "/").replace(/~0/g, "~");
  return { parent: pointer.slice(0, cut), key };
}

/** Where the text of the last member of an object or array ends; -1 when it is empty. */
function lastEnd(scan: Scan, pointer: string, place: Place): number {
  let end = -1;
  for (const [other, { end: at }] of scan.places) {
    if (other.startsWith(`${pointer}/`) && at < place.end && at > end) end = at;
  }
  return end;
}

/** A new last member, on a line of its own when the others have one. */
function append(text: string, scan: Scan, pointer: string, key: string, value: unknown): string {
  const place = scan.places.get(pointer);
  if (!place) return text;
  const isList = text[place.start] === "[";
  const name = isList ? "" : `${JSON.stringify(key)}: `;
  const outer = indentAt(text, place.start);
  const inner = `${outer}  `;
  const after = lastEnd(scan, pointer, place);
  if (after < 0) {
    const spread = isList ? written(value, outer) : `\n${inner}${name}${written(value, inner)}\n${outer}`;
    return splice(text, place.start + 1, place.end - 1, spread);
  }
  const spread = text.slice(after, place.end - 1).includes("\n");
  const lead = spread ? `,\n${inner}` : ", ";
  return splice(text, after, after, `${lead}${name}${written(value, spread ? inner : outer)}`);
}

/**
 * Puts `value` where `pointer` leads: in the place of what is there, or as a new last member of
 * what is around it, which is made when it is not there either. In an array "/-" and its length
 * stand for the place behind the last one.
 */
export function setValue(text: string, pointer: string, value: unknown): string {
  const scan = scanJson(text);
  if (scan.error) return text;
  const place = scan.places.get(pointer);
  if (place) return splice(text, place.start, place.end, written(value, indentAt(text, place.start)));
  if (pointer === "") return text;
  const { parent, key } = parentOf(pointer);
  const around = resolvePointer(JSON.parse(text) as unknown, parent);
  if (around === undefined) return setValue(text, parent, { [key]: value });
  return typeof around === "object" && around !== null ? append(text, scan, parent, key, value) : text;
}

/** Takes a member away, with the comma that it no longer needs. */
export function removeValue(text: string, pointer: string): string {
  const scan = scanJson(text);
  const place = scan.places.get(pointer);
  if (scan.error || !place || pointer === "") return text;
  const after = /^\s*,\s*/.exec(text.slice(place.end))?.[0].length ?? 0;
  if (after > 0) return splice(text, place.keyStart, place.end + after, "");
  const before = /,\s*$/.exec(text.slice(0, place.keyStart))?.[0].length ?? 0;
  return splice(text, place.keyStart - before, place.end, "");
}

/** A new member of an array before the one at `pointer`. */
export function insertBefore(text: string, pointer: string, value: unknown): string {
  const scan = scanJson(text);
  const place = scan.places.get(pointer);
  if (scan.error || !place) return text;
  const indent = indentAt(text, place.start);
  const alone = text.slice(0, place.start).endsWith(`\n${indent}`);
  const gap = alone ? `,\n${indent}` : ", ";
  return splice(text, place.start, place.start, written(value, indent) + gap);
}
