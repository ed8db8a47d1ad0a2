// SPDX-License-Identifier: MIT
// What a step of a document is called: "“Python 30 ms” in step 1.2 of report". A pointer says
// where it stands, and says nothing to who has not written the document.

import { translateIfKnown } from "../i18n/translate";
import { isRecord, type Point } from "../lib/grid";
import { resolvePointer } from "../lib/json-scan";
import { fieldValue, ownerOf } from "./names";
import { current } from "./opened";
import { language, t } from "./preferences";

/** A document, and what a sweep has put into it. */
export interface Written {
  document: unknown;
  point: Point;
}

/* They say how a step does what it does, not what. */
const BESIDE: ReadonlySet<string> = new Set([
  "steps", "count", "gil", "bytes", "threads", "blocking", "times", "op", "compute_us", "call", "pickled",
  "payload_bytes", "except", "finally",
]);

/* A law, or the steps inside, would take more room than they are worth. */
function valueWords(key: string, value: unknown): string | null {
  if (typeof value === "string") return value;
  return typeof value === "number" ? fieldValue(`/${key}`, value) : null;
}

/** The document of the run that is open, as its cell has it. */
export function writtenHere(): Written {
  const open = current.value;
  const cell = open?.experiment.cells.find(({ id }) => id === open.run.cell);
  return { document: open?.experiment.document, point: cell?.point ?? {} };
}

/** What a document has at a pointer, with what a sweep has put there. */
export function stepAt({ document, point }: Written, pointer: string): unknown {
  const step = point[pointer] ?? resolvePointer(document, pointer);
  if (!isRecord(step)) return step;
  const swept = Object.keys(step).filter((key) => `${pointer}/${key}` in point);
  return { ...step, ...Object.fromEntries(swept.map((key) => [key, point[`${pointer}/${key}`]])) };
}

/** "Python 30 ms", "with database": what a step does, shortly. */
function stepWords(written: Written, pointer: string): string | null {
  const step = stepAt(written, pointer);
  if (!isRecord(step)) return null;
  const key = Object.keys(step).find((name) => !BESIDE.has(name));
  if (key === undefined) return null;
  const words = translateIfKnown(language.value, `field.${key}`);
  const value = valueWords(key, step[key]);
  // A field's own name stands with what it is about; a title of it would say the same twice.
  const field = words !== null && typeof step[key] === "number" ? words : key;
  return value === null ? (words ?? key) : t("name.fieldValue", { field, value });
}

/** "1.2": the second step inside the first; lists of actors and tasks are no steps. */
function stepNumber(parts: readonly string[]): string {
  const isStep = (part: string, index: number): boolean =>
    /^\d+$/.test(part) && !["actors", "tasks"].includes(parts[index - 1] ?? "");
  return parts.filter(isStep).map((part) => String(Number(part) + 1)).join(".");
}

/** What the step at a pointer is called; the pointer where the document has none there. */
export function siteName(written: Written, pointer: string): string {
  const parts = pointer.split("/").slice(1);
  const what = stepWords(written, pointer);
  const step = stepNumber(parts);
  if (what === null || step === "") return pointer;
  const owner = ownerOf(parts, written.document);
  return owner === null ? t("site.job", { what, step }) : t("site.of", { what, step, owner });
}
