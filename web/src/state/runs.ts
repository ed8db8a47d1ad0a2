// SPDX-License-Identifier: MIT
// The list of experiments, page by page. While something in it is under way it is read again
// every few seconds, as long as the page is visible.

import { signal } from "@preact/signals";
import { type ExperimentSummary, listExperiments } from "../api";
import { isOver } from "./experiment";
import { asApiError, type Loaded } from "./resource";

interface RunList {
  items: ExperimentSummary[];
  next: string | null;
}

const REFRESH_MS = 2000;

export const runList = signal<Loaded<RunList>>({ status: "idle" });
export const loadingMore = signal(false);

async function readFirstPage(): Promise<void> {
  try {
    const first = await listExperiments(null);
    const state = runList.peek();
    const before = state.status === "ready" ? state.value : null;
    const fresh = new Set(first.items.map((item) => item.id));
    const older = before ? before.items.filter((item) => !fresh.has(item.id)) : [];
    const next = older.length > 0 && before ? before.next : first.next;
    runList.value = { status: "ready", value: { items: [...first.items, ...older], next } };
  } catch (reason) {
    runList.value = { status: "failed", error: asApiError(reason) };
  }
}

export async function readMoreRuns(): Promise<void> {
  const state = runList.peek();
  if (state.status !== "ready" || state.value.next === null || loadingMore.peek()) return;
  loadingMore.value = true;
  try {
    const page = await listExperiments(state.value.next);
    const items = [...state.value.items, ...page.items];
    runList.value = { status: "ready", value: { items, next: page.next } };
  } catch (reason) {
    runList.value = { status: "failed", error: asApiError(reason) };
  } finally {
    loadingMore.value = false;
  }
}

export function reloadRuns(): void {
  runList.value = { status: "loading" };
  void readFirstPage();
}

/** Keeps the list current until the returned function is called. */
export function watchRuns(): () => void {
  let timer = 0;
  let stopped = false;
  const round = async (): Promise<void> => {
    if (!document.hidden) await readFirstPage();
    const state = runList.peek();
    const busy = state.status === "ready" && state.value.items.some((item) => !isOver(item.status));
    if (!stopped && (busy || document.hidden)) timer = window.setTimeout(round, REFRESH_MS);
  };
  if (runList.peek().status !== "ready") runList.value = { status: "loading" };
  void round();
  return () => {
    stopped = true;
    window.clearTimeout(timer);
  };
}
