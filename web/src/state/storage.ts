// SPDX-License-Identifier: MIT
// Room that the store takes, and of the experiments that are shown.

import { signal } from "@preact/signals";
import { getStorage, type Storage } from "../api";

/* As many as the server tells at once. */
const MOST = 200;

export const store = signal<Pick<Storage, "bytes" | "free_bytes"> | null>(null);
export const sizes = signal<ReadonlyMap<string, number>>(new Map());
const asked = new Set<string>();

async function read(ids: readonly string[]): Promise<void> {
  try {
    const { experiments, ...whole } = await getStorage(ids);
    store.value = whole;
    if (ids.length === 0) return;
    sizes.value = new Map([...sizes.peek(), ...experiments.map(({ id, bytes }) => [id, bytes] as const)]);
  } catch {
    // A list without sizes is still a list; they are asked for again with the next page.
    for (const id of ids) asked.delete(id);
  }
}

/** Has the sizes of these that are not known yet. */
export function wantSizes(ids: readonly string[]): void {
  const unknown = ids.filter((id) => !asked.has(id));
  for (const id of unknown) asked.add(id);
  for (let i = 0; i < unknown.length; i += MOST) void read(unknown.slice(i, i + MOST));
}

/** Of all, and of an experiment that has grown. */
export function readSizeAgain(id?: string): void {
  if (id !== undefined) asked.add(id);
  void read(id === undefined ? [] : [id]);
}
