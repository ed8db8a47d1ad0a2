// SPDX-License-Identifier: MIT
// The document being written on the Ask page, what is wrong with it, and sending it.

import { computed, signal } from "@preact/signals";
import { ApiError, createExperiment, getExperiment } from "../api";
import { gridShape } from "../lib/grid";
import { prettyJson } from "../lib/json-pretty";
import { scanJson } from "../lib/json-scan";
import { asApiError } from "./resource";

/** Where the document came from; null while none is chosen. */
export const source = signal<{ key: string; original: string } | null>(null);
export const draft = signal("");
export const sending = signal(false);
export const refusal = signal<ApiError | null>(null);

export const scan = computed(() => scanJson(draft.value));
export const shape = computed(() =>
  scan.value.error ? null : gridShape(JSON.parse(draft.value) as unknown),
);
export const changed = computed(
  () => source.value !== null && draft.value !== source.value.original,
);

const draftKey = (key: string): string => `gilscope.draft.${key}`;

function keepDraft(key: string, text: string | null): void {
  try {
    if (text === null) sessionStorage.removeItem(draftKey(key));
    else sessionStorage.setItem(draftKey(key), text);
  } catch {
    // Storage is off or full; the draft lives until the page goes.
  }
}

function keptDraft(key: string): string | null {
  try {
    return sessionStorage.getItem(draftKey(key));
  } catch {
    return null;
  }
}

export function openDocument(key: string, document: unknown): void {
  if (source.peek()?.key === key) return;
  const original = prettyJson(document);
  source.value = { key, original };
  draft.value = keptDraft(key) ?? original;
  refusal.value = null;
}

export async function openDocumentOf(experiment: string): Promise<string | null> {
  try {
    const { name, document } = await getExperiment(experiment);
    openDocument(`experiment.${experiment}`, document);
    return name;
  } catch (reason) {
    refusal.value = asApiError(reason);
    return null;
  }
}

export function closeDocument(): void {
  source.value = null;
  refusal.value = null;
}

export function editDraft(text: string): void {
  // What was refused is no longer what is written.
  if (text !== draft.peek()) refusal.value = null;
  draft.value = text;
  const from = source.peek();
  if (from) keepDraft(from.key, text === from.original ? null : text);
}

export function resetDraft(): void {
  const from = source.peek();
  if (from) editDraft(from.original);
  refusal.value = null;
}

/** Sends the draft; the new experiment's id, or null when it was refused. */
export async function submitDraft(): Promise<string | null> {
  if (sending.peek() || scan.peek().error) return null;
  sending.value = true;
  refusal.value = null;
  try {
    return (await createExperiment(draft.peek())).id;
  } catch (reason) {
    refusal.value = asApiError(reason);
    return null;
  } finally {
    sending.value = false;
  }
}
