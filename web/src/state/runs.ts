// SPDX-License-Identifier: MIT
// The list of experiments, page by page, kept current by the event stream: what it tells of an
// experiment that is shown changes its row, anything else has the first page read again.

import { computed, signal } from "@preact/signals";
import { type ExperimentSummary, listExperiments, renameExperiment } from "../api";
import { ALL_RUNS, type RunsQuery } from "../lib/route";
import { removed } from "./removal";
import { asApiError, type Loaded } from "./resource";

interface RunList {
  items: readonly ExperimentSummary[];
  next: string | null;
}

const TYPING_MS = 200;

export const runsQuery = signal<RunsQuery>(ALL_RUNS);
export const runList = signal<Loaded<RunList>>({ status: "idle" });
export const loadingMore = signal(false);
/** The list is that of a question before the present one. */
export const runsStale = signal(false);

/** Without those that are being removed. */
export const shownRuns = computed<readonly ExperimentSummary[]>(() => {
  const state = runList.value;
  const gone = removed.value;
  return state.status === "ready" ? state.value.items.filter(({ id }) => !gone.has(id)) : [];
});

export function isFiltered({ name, statuses }: RunsQuery): boolean {
  return name !== "" || statuses.length > 0;
}

let timer = 0;
/* Which question an answer is for. */
let asked = 0;

/** The first page as it is now, and what was read of the pages after it. */
function joined(first: RunList, before: RunList | null): RunList {
  const last = first.items[first.items.length - 1];
  const place = before?.items.findIndex(({ id }) => id === last?.id) ?? -1;
  if (!before || first.next === null || place < 0) return first;
  const fresh = new Set(first.items.map(({ id }) => id));
  const older = before.items.slice(place + 1).filter(({ id }) => !fresh.has(id));
  return older.length === 0 ? first : { items: [...first.items, ...older], next: before.next };
}

async function readFirstPage(again: boolean): Promise<void> {
  asked += 1;
  const mine = asked;
  try {
    const first = await listExperiments(runsQuery.peek(), null);
    if (mine !== asked) return;
    const state = runList.peek();
    const before = again && state.status === "ready" ? state.value : null;
    runList.value = { status: "ready", value: joined(first, before) };
  } catch (reason) {
    if (mine === asked) runList.value = { status: "failed", error: asApiError(reason) };
  }
  if (mine === asked) runsStale.value = false;
}

/** Asks for other experiments; while somebody types, not with every letter. */
export function showRuns(query: RunsQuery): void {
  const before = runsQuery.peek();
  runsQuery.value = query;
  window.clearTimeout(timer);
  asked += 1;
  const typed = before.name !== query.name && runList.peek().status === "ready";
  if (runList.peek().status === "ready") runsStale.value = true;
  else runList.value = { status: "loading" };
  if (typed) timer = window.setTimeout(() => void readFirstPage(false), TYPING_MS);
  else void readFirstPage(false);
}

export async function readMoreRuns(): Promise<void> {
  const state = runList.peek();
  if (state.status !== "ready" || state.value.next === null || loadingMore.peek()) return;
  const mine = asked;
  loadingMore.value = true;
  try {
    const page = await listExperiments(runsQuery.peek(), state.value.next);
    if (mine !== asked) return;
    const items = [...state.value.items, ...page.items];
    runList.value = { status: "ready", value: { items, next: page.next } };
  } catch (reason) {
    if (mine === asked) runList.value = { status: "failed", error: asApiError(reason) };
  } finally {
    loadingMore.value = false;
  }
}

export function reloadRuns(): void {
  runList.value = { status: "loading" };
  void readFirstPage(false);
}

/** Looks again at the first page; the pages after it stay. */
export function refreshRuns(): void {
  if (!runsStale.peek()) void readFirstPage(true);
}

/** What became known of an experiment changes its row. False: it is not in the list. */
export function changeRun(id: string, change: Partial<ExperimentSummary>): boolean {
  const state = runList.peek();
  if (state.status !== "ready") return false;
  const { items, next } = state.value;
  if (!items.some((item) => item.id === id)) return false;
  const changed = items.map((item) => (item.id === id ? { ...item, ...change } : item));
  runList.value = { status: "ready", value: { items: changed, next } };
  return true;
}

export async function renameRun(id: string, name: string): Promise<void> {
  changeRun(id, { name: (await renameExperiment(id, name)).name });
}
