// SPDX-License-Identifier: MIT
// Experiments that are being removed. Until the time for undoing is over the server knows
// nothing of it: a tab that is closed meanwhile has removed nothing, and one that is loaded
// again goes on where it was, with the whole time for undoing.

import { computed, effect, signal } from "@preact/signals";
import { type ApiError, deleteExperiment } from "../api";
import { t } from "./preferences";
import { asApiError } from "./resource";
import { type Offer, offerUndo } from "./undo";

export interface Leaving {
  id: string;
  /** As the page shows it. */
  name: string;
}

const KEY = "gilscope.removing";

function restore(): Leaving[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    if (!Array.isArray(kept)) return [];
    return kept.filter((item) => typeof item?.id === "string" && typeof item?.name === "string");
  } catch {
    return [];
  }
}

function keep(items: readonly Leaving[]): void {
  try {
    if (items.length > 0) sessionStorage.setItem(KEY, JSON.stringify(items));
    else sessionStorage.removeItem(KEY);
  } catch {
    // Storage is off: they come back when the page is loaded again.
  }
}

/** They can be had back. */
const leaving = signal<readonly Leaving[]>(restore());
/** Nobody wants them back; the server may still be at it. */
const gone = signal<ReadonlySet<string>>(new Set());
export const removalError = signal<{ name: string; error: ApiError } | null>(null);
/** Counts up when the server has removed something. */
export const removals = signal(0);

/** None of these is shown. */
export const removed = computed<ReadonlySet<string>>(
  () => new Set([...gone.value, ...leaving.value.map(({ id }) => id)]),
);

effect(() => keep(leaving.value));

function forget(id: string): void {
  gone.value = new Set([...gone.peek()].filter((other) => other !== id));
}

async function remove({ id, name }: Leaving): Promise<void> {
  try {
    await deleteExperiment(id);
    removals.value += 1;
  } catch (reason) {
    const error = asApiError(reason);
    if (error.isMissing) return;
    forget(id);
    removalError.value = { name, error };
  }
}

const back: Offer = {
  says() {
    const [first, ...more] = leaving.value;
    if (more.length === 0) return t("removal.one", { name: first?.name ?? "" });
    return t("removal.many", { count: leaving.value.length });
  },
  undo() {
    leaving.value = [];
  },
  place: () => `[data-experiment="${leaving.value.at(-1)?.id}"] .row-link`,
  over() {
    const items = leaving.peek();
    gone.value = new Set([...gone.peek(), ...items.map(({ id }) => id)]);
    leaving.value = [];
    for (const item of items) void remove(item);
  },
};

if (leaving.peek().length > 0) offerUndo(back);

/** Takes an experiment off the list, and soon off the server. */
export function removeSoon(item: Leaving): void {
  removalError.value = null;
  leaving.value = [...leaving.peek(), item];
  offerUndo(back);
}
