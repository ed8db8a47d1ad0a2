// SPDX-License-Identifier: MIT
// What things are called, the same on every page: runtimes, strategies, and what a sweep sets.

import type { Cell } from "../api";
import { type MessageKey, translateIfKnown } from "../i18n/translate";
import { formatBytes, formatMetric, formatNumber } from "../lib/format";
import { compactLabel, isRecord, type Point } from "../lib/grid";
import { resolvePointer } from "../lib/json-scan";
import { labelOf, parseLabel, STRATEGY_KINDS } from "../lib/label";
import { models } from "./catalogue";
import { language, t } from "./preferences";
import { valueOf } from "./resource";

/* --- what a sweep sets ------------------------------------------------------------------ */

/* By the end of a field's name. */
const UNITS = [
  { end: "_us", unit: "us" },
  { end: "_per_s", unit: "1/s" },
  { end: "_s", unit: "s" },
] as const;

function unitOf(field: string): string {
  return UNITS.find(({ end }) => field.endsWith(end))?.unit ?? "";
}

/** The nearest thing around a pointer that has a name: an actor, a task, an object. */
export function ownerOf(parts: readonly string[], document: unknown): string | null {
  const [, objects, object] = parts;
  if (objects === "objects" && parts.length > 3) return object ?? null;
  for (let depth = parts.length - 1; depth > 0; depth--) {
    const around = resolvePointer(document, `/${parts.slice(0, depth).join("/")}`);
    if (isRecord(around) && typeof around.name === "string") return around.name;
  }
  return null;
}

/** "runtime 1": a place in a list. */
function itemWords(list: string, n: number): string {
  return translateIfKnown(language.value, `field.${list}.item`, { n }) ?? `${list} ${n}`;
}

/** What the page calls a field; null: nothing but its own name in the document, which is of no
 * language. */
function ownWords(parts: readonly string[]): string | null {
  const last = parts[parts.length - 1] ?? "";
  if (/^\d+$/.test(last)) return itemWords(parts[parts.length - 2] ?? "", Number(last) + 1);
  const isTask = last === "count" && parts.includes("tasks");
  return translateIfKnown(language.value, `field.${isTask ? "tasks" : last}`) ?? null;
}

const partsOf = (pointer: string): string[] => pointer.split("/").slice(1);

function plainWords(pointer: string, document: unknown): string {
  const parts = partsOf(pointer);
  const words = ownWords(parts) ?? parts[parts.length - 1] ?? pointer;
  const owner = ownerOf(parts, document);
  return owner === null ? words : t("name.fieldOf", { owner, field: words });
}

/** "Cores", "spinner: threads": what a pointer into the document leads to, in the reader's words;
 * its step, too, where the sweep sets several that are called alike. */
export function fieldWords(pointer: string, document: unknown): string {
  const words = plainWords(pointer, document);
  const sweep = isRecord(document) && isRecord(document.sweep) ? Object.keys(document.sweep) : [];
  const isOnly = !sweep.some((other) => other !== pointer && plainWords(other, document) === words);
  const step = /\/steps\/(\d+)/.exec(pointer)?.[1];
  return isOnly || step === undefined ? words : t("name.fieldStep", { field: words, step: Number(step) + 1 });
}

/** The same where it stands alone: "Cores". */
export function fieldTitle(pointer: string, document: unknown): string {
  const words = fieldWords(pointer, document);
  const parts = partsOf(pointer);
  const begins = ownWords(parts) !== null && ownerOf(parts, document) === null;
  return begins ? words.charAt(0).toLocaleUpperCase(language.value) + words.slice(1) : words;
}

/** A value that a sweep puts there. */
export function fieldValue(pointer: string, value: unknown): string {
  const field = pointer.slice(pointer.lastIndexOf("/") + 1);
  if (/^\/runtimes\/\d+$/.test(pointer)) return runtimeName(labelOf(value));
  if (/^\/strategies\/\d+$/.test(pointer)) return strategyName(labelOf(value));
  if (typeof value === "string") {
    return translateIfKnown(language.value, `field.${field}.${value}`) ?? value.replace(/_/g, " ");
  }
  if (typeof value !== "number") return compactLabel(value).replace(/_/g, " ");
  if (field.endsWith("bytes")) return formatBytes(value, language.value);
  const unit = unitOf(field);
  return unit === "" ? formatNumber(value, language.value, 6) : formatMetric(value, unit, language.value);
}

/** "Cores: 4", one for each value of a point of the sweep. */
export function pointWords(point: Point, document: unknown): string[] {
  return Object.entries(point).map(([pointer, value]) =>
    t("name.fieldValue", { field: fieldWords(pointer, document), value: fieldValue(pointer, value) }),
  );
}

/* --- runtimes --------------------------------------------------------------------------- */

function baseName(base: string): string {
  const [, version, free] = /^cpython-(\d+\.\d+)(t?)$/.exec(base) ?? [];
  if (version === undefined) {
    return translateIfKnown(language.value, `name.${base}`)
      ?? valueOf(models)?.items.find(({ name }) => name === base)?.title
      ?? base;
  }
  return t(free === "t" ? "name.runtime.free" : "name.runtime", { version });
}

/** "CPython 3.9 (switch interval 1 ms)" of the server's label. */
export function runtimeName(label: string): string {
  const { name, options } = parseLabel(label);
  const changed = options.map(([field, text]) => {
    const value = Number.isNaN(Number(text)) ? text : Number(text);
    const words = translateIfKnown(language.value, `field.${field}`) ?? field;
    return t("name.fieldValue", { field: words, value: fieldValue(field, value) });
  });
  return changed.length === 0 ? baseName(name) : `${baseName(name)} (${changed.join(", ")})`;
}

/** A runtime or a machine that the server lists: what it is. */
export function modelTitle({ name, title }: { name: string; title: string }): string {
  const profile = translateIfKnown(language.value, `profile.${name}`);
  return profile ?? (name.startsWith("cpython-") ? baseName(name) : title);
}

/* --- strategies ------------------------------------------------------------------------- */

const OPTIONS: Record<string, MessageKey> = {
  chunk: "name.chunk",
  to_thread: "name.to_thread",
  to_process: "name.to_process",
};

function optionWords([name, text]: readonly [string, string]): string {
  if (name === "each") return t("name.each", { inner: strategyName(text) });
  if (name === "start") return t("name.start", { method: text });
  const key = OPTIONS[name];
  return key === undefined ? `${name} ${text}` : t(key, { count: Number(text) });
}

/** "chunks of 10", what the label says besides kind and size; "" when that is all. */
export function strategyOptions(label: string): string {
  return parseLabel(label).options.map(optionWords).join(", ");
}

/** "32 threads" of the server's label; "" for actors, which say themselves who executes what. */
export function strategyName(label: string): string {
  const { name, count } = parseLabel(label);
  if (name === "actors") return "";
  if (name === "sequential") return t("name.sequential");
  const kind = STRATEGY_KINDS.find((known) => known === name);
  if (kind === undefined || kind === "sequential" || count === null) return label;
  return [t(`name.${kind}`, { count }), strategyOptions(label)].filter(Boolean).join(", ");
}

/** "threads" of "threads(32)" or "threads(N)": pools of any size. */
export function poolName(label: string): string {
  const sized = label.replace("(N", "(1");
  const { name, count } = parseLabel(sized);
  const kind = STRATEGY_KINDS.find((known) => known === name);
  if (kind === undefined || kind === "sequential" || count === null) return strategyName(label);
  return [t(`name.${kind}.any`), strategyOptions(sized)].filter(Boolean).join(", ");
}

/* --- cells ------------------------------------------------------------------------------ */

/** "32 threads on CPython 3.14"; of actors the runtime alone. */
export function modelName({ runtime, strategy }: { runtime: string; strategy: string }): string {
  const who = strategyName(strategy);
  return who === "" ? runtimeName(runtime) : t("name.on", { strategy: who, runtime: runtimeName(runtime) });
}

export function cellName(cell: Cell, document: unknown): string {
  const { runtime, strategy, point } = cell;
  return [runtimeName(runtime), strategyName(strategy), ...pointWords(point, document)]
    .filter(Boolean)
    .join(" · ");
}
