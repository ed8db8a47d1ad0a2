// SPDX-License-Identifier: MIT
// Applies a JSON patch (RFC 6902) to a copy of a document. The patches are the server's own.

import type { PatchOperation } from "../api";

function tokensOf(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((token) => token.replace(/~1/g, "/").replace(/~0/g, "~"));
}

type Node = Record<string, unknown> | unknown[];

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null;
}

/** What holds the last part of a pointer, and that part. */
function parentOf(root: Node, pointer: string): { node: Node; key: string } {
  const tokens = tokensOf(pointer);
  const key = tokens.pop() ?? "";
  let node: Node = root;
  for (const token of tokens) {
    const next: unknown = Array.isArray(node) ? node[Number(token)] : node[token];
    if (!isNode(next)) throw new Error(`nothing at ${pointer}`);
    node = next;
  }
  return { node, key };
}

function add(root: Node, pointer: string, value: unknown): void {
  const { node, key } = parentOf(root, pointer);
  if (!Array.isArray(node)) node[key] = value;
  else node.splice(key === "-" ? node.length : Number(key), 0, value);
}

function replace(root: Node, pointer: string, value: unknown): void {
  const { node, key } = parentOf(root, pointer);
  if (Array.isArray(node)) node[Number(key)] = value;
  else node[key] = value;
}

function remove(root: Node, pointer: string): unknown {
  const { node, key } = parentOf(root, pointer);
  if (Array.isArray(node)) return node.splice(Number(key), 1)[0];
  const value = node[key];
  delete node[key];
  return value;
}

export function applyPatch<T extends Record<string, unknown>>(
  document: T,
  patch: readonly PatchOperation[],
): T {
  const copy = structuredClone(document);
  for (const operation of patch) {
    if (operation.op === "remove") remove(copy, operation.path);
    else if (operation.op === "move") add(copy, operation.path, remove(copy, operation.from));
    else if (operation.op === "add") add(copy, operation.path, operation.value);
    else replace(copy, operation.path, operation.value);
  }
  return copy;
}
