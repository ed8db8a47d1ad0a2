// SPDX-License-Identifier: MIT
// A document as text: two spaces of indent, but whatever fits on a line stays on it, because
// steps such as {"io_us": 16} read best in one row.

const LINE_WIDTH = 72;

function inline(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  const members = Object.entries(value).map(([key, v]) => `${JSON.stringify(key)}: ${inline(v)}`);
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}

function block(value: unknown, indent: string, used: number): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const flat = inline(value);
  if (indent !== "" && used + flat.length <= LINE_WIDTH) return flat;
  const deeper = `${indent}  `;
  const parts = Array.isArray(value)
    ? value.map((entry) => deeper + block(entry, deeper, deeper.length))
    : Object.entries(value).map(([key, entry]) => {
        const head = `${deeper}${JSON.stringify(key)}: `;
        return head + block(entry, deeper, head.length);
      });
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  return parts.length === 0
    ? `${open}${close}`
    : `${open}\n${parts.join(",\n")}\n${indent}${close}`;
}

/** The outermost value always spreads over lines, what is inside only where it must. */
export function prettyJson(value: unknown): string {
  return block(value, "", 0);
}
