// SPDX-License-Identifier: MIT
// Runtimes and strategies as the server labels them: "cpython-3.9 (switch_interval_us=1000)",
// "processes(4, each=threads(8), start=spawn)", and what they are in a document.

import { compactLabel, isRecord } from "./grid";

export const STRATEGY_KINDS = ["sequential", "threads", "asyncio", "processes", "interpreters"] as const;
export type StrategyKind = (typeof STRATEGY_KINDS)[number];

export interface Label {
  /** "cpython-3.9", "threads". */
  name: string;
  /** Of workers; null where none are said. */
  count: number | null;
  /** What is not the default, with its value. */
  options: readonly (readonly [string, string])[];
}

/** Parts between commas that are in no parentheses. */
function split(text: string): string[] {
  let depth = 0;
  const parts = [""];
  for (const letter of text) {
    depth += letter === "(" ? 1 : letter === ")" ? -1 : 0;
    if (letter === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += letter;
  }
  return parts.map((part) => part.trim()).filter(Boolean);
}

export function parseLabel(label: string): Label {
  const [, name = label, inside = ""] = /^([^\s(]+) ?\((.*)\)$/.exec(label) ?? [];
  const parts = split(inside);
  const [first = ""] = parts;
  const isCount = /^\d+$/.test(first);
  const options = (isCount ? parts.slice(1) : parts).map((part) => {
    const at = part.indexOf("=");
    return at < 0 ? ([part, ""] as const) : ([part.slice(0, at), part.slice(at + 1)] as const);
  });
  return { name, count: isCount ? Number(first) : null, options };
}

function withOptions(head: readonly string[], rest: Record<string, unknown>): string {
  const options = Object.entries(rest).map(([key, value]) => `${key}=${labelOf(value)}`);
  return [...head, ...options].join(", ");
}

/** The label of what stands in a document's lists. */
export function labelOf(value: unknown): string {
  if (!isRecord(value)) return compactLabel(value);
  const { base, ...changed } = value;
  const overrides = withOptions([], changed);
  if (typeof base === "string") return overrides === "" ? base : `${base} (${overrides})`;
  const kind = STRATEGY_KINDS.find((name) => typeof value[name] === "number");
  if (kind === undefined) return compactLabel(value);
  const { [kind]: count, ...rest } = value;
  return `${kind}(${withOptions([String(count)], rest)})`;
}
