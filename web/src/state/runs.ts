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
/** How many came that are not in the list: nothing is pushed away until somebody wants them. */
export const newRuns = signal(0);
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

/** Without those that are new since `before`; all where nothing else would be left. */
function withoutNew(list: RunList, before: RunList): RunList {
  const known = new Set(before.items.map(({ id }) => id));
  const items = list.items.filter(({ id }) => known.has(id));
  newRuns.value = items.length > 0 ? list.items.length - items.length : 0;
  return items.length > 0 ? { ...list, items } : list;
}

/** afresh: the first page only; again: as much as there was; held: the same without new ones. */
type Reading = "afresh" | "again" | "held";

/* What is being read for: news in between must not take back what somebody asked for. */
let wanted: Reading = "held";

async function readFirstPage(reading: Reading): Promise<void> {
  asked += 1;
  const mine = asked;
  if (reading === "afresh" || wanted === "held") wanted = reading;
  try {
    const first = await listExperiments(runsQuery.peek(), null);
    if (mine !== asked) return;
    const state = runList.peek();
    const before = wanted !== "afresh" && state.status === "ready" ? state.value : null;
    const value = joined(first, before);
    if (wanted !== "held") newRuns.value = 0;
    runList.value = { status: "ready", value: before && wanted === "held" ? withoutNew(value, before) : value };
    wanted = "held";
  } catch (reason) {
    if (mine !== asked) return;
    const error = asApiError(reason);
    // What is shown stays, and is read again when the server is back.
    if (error.isAway && runList.peek().status === "ready") return;
    runList.value = { status: "failed", error };
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
  if (typed) timer = window.setTimeout(() => void readFirstPage("afresh"), TYPING_MS);
  else void readFirstPage("afresh");
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
    const error = asApiError(reason);
    if (mine === asked && !error.isAway) runList.value = { status: "failed", error };
  } finally {
    loadingMore.value = false;
  }
}

export function reloadRuns(): void {
  runList.value = { status: "loading" };
  void readFirstPage("afresh");
}

/** Looks again at the first page; the pages after it stay. */
export function refreshRuns(): void {
  if (!runsStale.peek()) void readFirstPage("held");
}

/** Those that came meanwhile, too. */
export function showNewRuns(): void {
  void readFirstPage("again");
}

/** What could not be read while the server was away. */
export function readRunsAtLast(): void {
  if (runList.peek().status === "ready") void readFirstPage(runsStale.peek() ? "afresh" : "held");
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
