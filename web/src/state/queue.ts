// SPDX-License-Identifier: MIT
// What runs and what waits, live: the event stream says how far each experiment is and when
// the queue changes, and then it is read again. Nothing is asked for while nothing happens.

import { signal } from "@preact/signals";
import {
  type ApiError,
  cancelExperiment,
  type ExperimentSummary,
  listExperiments,
  resumeExperiment,
} from "../api";
import { type Sample, shareDone, timeLeft } from "../lib/eta";
import { followAll, type ProgressEvent } from "../stream";
import { isOver } from "./experiment";
import { onBack } from "./reach";
import { asApiError } from "./resource";
import { changeRun, readRunsAtLast, refreshRuns } from "./runs";
import { readSizeAgain } from "./storage";

const SOON_MS = 250;
const MOST = 50;
const UNDER_WAY = { name: "", statuses: ["running", "queued"], order: "oldest" } as const;

export interface Queued extends ExperimentSummary {
  /** How much of it is done, 0..1; by its runs as soon as their number is known. */
  share: number;
  /** Milliseconds; null while nobody can tell. */
  left: number | null;
}

export const queue = signal<readonly Queued[]>([]);
/** Whether it was read, or could not be. */
export const queueKnown = signal(false);
/** More wait than `queue` has. */
export const queueCut = signal(false);
export const actionError = signal<ApiError | null>(null);

/* Where each experiment was when it was first seen running. */
const seen = new Map<string, Sample>();
/* A cell may have a thousand runs. */
const runShares = new Map<string, number>();

function forgetRuns(id: string): void {
  seen.delete(id);
  runShares.delete(id);
}

function queuedOf(item: ExperimentSummary): Queued {
  const { id, status } = item;
  const share = Math.max(runShares.get(id) ?? 0, shareDone(item));
  if (status !== "running") return { ...item, share, left: null };
  const now = { at: performance.now(), done: share };
  const first = seen.get(id);
  if (!first) seen.set(id, now);
  return { ...item, share, left: first ? timeLeft(first, now, 1) : null };
}

async function readQueue(): Promise<void> {
  try {
    const { items, next } = await listExperiments(UNDER_WAY, null, MOST);
    queue.value = [...items]
      .sort((a, b) => Number(a.status === "queued") - Number(b.status === "queued"))
      .map(queuedOf);
    queueCut.value = next !== null;
    for (const id of seen.keys()) if (!items.some((item) => item.id === id)) forgetRuns(id);
  } catch {
    // The page says that the server does not answer, and the list what else is wrong.
  } finally {
    queueKnown.value = true;
  }
}

function changeQueued(event: ProgressEvent): boolean {
  const { experiment, status, cells, cells_done } = event;
  runShares.set(experiment, shareDone(event));
  const items = queue.peek();
  if (!items.some(({ id }) => id === experiment)) return false;
  queue.value = items.map((item) => {
    return item.id === experiment ? queuedOf({ ...item, status, cells, cells_done }) : item;
  });
  return true;
}

/** Keeps queue and list current until the returned function is called. */
export function watchQueue(): () => void {
  let timer = 0;
  let counts = "";
  const soon = (): void => {
    if (timer !== 0) return;
    timer = window.setTimeout(() => {
      timer = 0;
      void readQueue();
      refreshRuns();
    }, SOON_MS);
  };
  void readQueue();
  const stop = followAll({
    progress(event) {
      const { experiment: id, status, cells, cells_done } = event;
      changeRun(id, { status, cells, cells_done });
      if (!changeQueued(event)) soon();
    },
    finished({ experiment: id, status }) {
      changeRun(id, { status });
      queue.value = queue.peek().filter((item) => item.id !== id);
      readSizeAgain(id);
      soon();
    },
    queue({ running, waiting }) {
      const now = `${running} ${waiting}`;
      if (counts !== "" && counts !== now) soon();
      counts = now;
    },
    resync: soon,
    connected() {},
  });
  const stopListening = onBack(() => {
    void readQueue();
    readRunsAtLast();
  });
  return () => {
    window.clearTimeout(timer);
    stop();
    stopListening();
    queue.value = [];
    queueKnown.value = false;
    actionError.value = null;
    seen.clear();
    runShares.clear();
  };
}

async function act(id: string, ask: (id: string) => Promise<{ status: string }>): Promise<boolean> {
  actionError.value = null;
  try {
    const { status } = await ask(id);
    changeRun(id, { status: status as ExperimentSummary["status"] });
    if (isOver(status)) queue.value = queue.peek().filter((item) => item.id !== id);
    return true;
  } catch (reason) {
    actionError.value = asApiError(reason);
    return false;
  }
}

export function cancelRun(id: string): Promise<boolean> {
  return act(id, cancelExperiment);
}

/** Whether it goes on. */
export function resumeRun(id: string): Promise<boolean> {
  return act(id, resumeExperiment);
}
