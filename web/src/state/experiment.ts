// SPDX-License-Identifier: MIT
// One experiment under observation: read whole once, then kept current by the event stream. Of
// cells that begin and end only those are read, page by page; all again when it is over, since
// only then the cells are compared.

import { computed, signal } from "@preact/signals";
import {
  type ApiError,
  type Cell,
  type CellStatus,
  CELLS_MAX,
  type Experiment,
  getCells,
  getExperiment,
  getGates,
  type RunSoFar,
} from "../api";
import { pagesOf } from "../lib/cell-pages";
import { type Sample, shareDone, shareOfRun, timeLeft } from "../lib/eta";
import { followExperiment, type ProgressEvent } from "../stream";
import { createPace } from "./pace";
import { onBack } from "./reach";
import { asApiError, type Loaded } from "./resource";

export const experiment = signal<Loaded<Experiment>>({ status: "idle" });
export const progress = signal<ProgressEvent | null>(null);
/** Milliseconds until it has ended; null while nobody can tell. */
export const progressLeft = signal<number | null>(null);
/* Of each cell whose run goes on, how much of that is done. */
const begun = signal<ReadonlyMap<string, number>>(new Map());

/** How much of experiment `value`, which is watched, is done, 0..1. */
export function watchedShare(value: Experiment): number {
  const told = progress.value;
  const cells = value.cells.length;
  const cells_done = Math.min(cells, Math.max(value.cells_done, told?.cells_done ?? 0));
  const { repetitions = 1 } = value.document as { repetitions?: number };
  // What is told at the beginning of a stream is without it.
  const runs = told?.runs ?? cells * repetitions;
  const partly = [...begun.value.values()].reduce((sum, share) => sum + share, 0);
  return shareDone({ ...told, cells, cells_done, runs, begun: partly });
}

export function isOver(status: string): boolean {
  return status === "done" || status === "failed" || status === "interrupted";
}

/** Names of the metrics that at least one cell has. */
export const availableMetrics = computed<string[]>(() => {
  const state = experiment.value;
  if (state.status !== "ready") return [];
  const names = new Set<string>();
  for (const cell of state.value.cells) {
    for (const [name, spread] of Object.entries(cell.metrics ?? {})) if (spread) names.add(name);
  }
  return [...names];
});

function patch(change: (current: Experiment) => Experiment): void {
  const state = experiment.peek();
  if (state.status === "ready") experiment.value = { status: "ready", value: change(state.value) };
}

/** Puts cells in the place of those of the same index; the others stay what they are. */
function replaceCells(fresh: readonly Cell[]): void {
  patch((current) => {
    const cells = [...current.cells];
    for (const cell of fresh) {
      if (cells[cell.index]?.id === cell.id) cells[cell.index] = cell;
    }
    const done = progress.peek()?.cells_done ?? 0;
    return { ...current, cells, cells_done: Math.max(current.cells_done, done) };
  });
}

/** What the events said meanwhile, in one change of what is shown. */
function applyStatuses(changed: ReadonlyMap<number, CellStatus>): void {
  const state = experiment.peek();
  if (state.status !== "ready") return;
  replaceCells(
    [...changed].flatMap(([index, status]) => {
      const cell = state.value.cells[index];
      return cell && cell.status !== status ? [{ ...cell, status }] : [];
    }),
  );
}

/** Shows experiment `id` and follows it until the returned function is called. */
export function watchExperiment(id: string): () => void {
  let stopped = false;
  let reading = false;
  let again = false;
  let opened = false;
  /** What events said and was not read yet; and since the last whole read was asked for. */
  let changed = new Map<number, CellStatus>();
  let since = new Map<number, CellStatus>();
  let unfollow = (): void => {};

  const read = async (): Promise<void> => {
    if (reading) {
      again = true;
      return;
    }
    reading = true;
    do {
      again = false;
      since = new Map();
      try {
        const value = await getExperiment(id);
        if (stopped) return;
        experiment.value = { status: "ready", value };
        if (isOver(value.status)) finish();
        else look(since); // the answer may be older than they are
      } catch (reason) {
        if (!stopped) fail(asApiError(reason));
      }
    } while (again && !stopped);
    reading = false;
  };

  const look = (cells: ReadonlyMap<number, CellStatus>): void => {
    for (const [index, status] of cells) changed.set(index, status);
    if (changed.size > 0) pace.ask();
  };

  const readChanged = async (): Promise<void> => {
    const now = changed;
    changed = new Map();
    applyStatuses(now);
    try {
      for (const { first, count } of pagesOf(now.keys(), CELLS_MAX)) {
        const cells = await getCells(id, first, count);
        if (stopped || isOverNow()) return;
        replaceCells(cells);
      }
      const state = experiment.peek();
      if (state.status === "ready" && state.value.gates.length > 0) gatesPace.ask();
    } catch (reason) {
      if (!stopped) fail(asApiError(reason));
    }
  };
  const readGates = async (): Promise<void> => {
    try {
      const gates = await getGates(id);
      if (!stopped && !isOverNow()) patch((current) => ({ ...current, gates }));
    } catch (reason) {
      if (!stopped) fail(asApiError(reason));
    }
  };
  const pace = createPace(readChanged);
  const gatesPace = createPace(readGates);

  // While the server is away what is shown stays: it is read again when it is back.
  const fail = (error: ApiError): void => {
    if (error.isAway && experiment.peek().status === "ready") return;
    experiment.value = { status: "failed", error };
  };

  const isOverNow = (): boolean => {
    const state = experiment.peek();
    return state.status === "ready" && isOver(state.value.status);
  };

  const finish = (): void => {
    pace.stop();
    gatesPace.stop();
    unfollow();
    unfollow = () => {};
  };

  let first: Sample | null = null;
  const measure = (): void => {
    const state = experiment.peek();
    if (state.status !== "ready" || progress.peek()?.status !== "running") return;
    const now = { at: performance.now(), done: watchedShare(state.value) };
    first ??= now;
    progressLeft.value = timeLeft(first, now, 1);
  };
  const noteRun = ({ cell, ...now }: RunSoFar): void => {
    const state = experiment.peek();
    if (state.status !== "ready") return;
    const found = state.value.cells.find(({ id }) => id === cell);
    const share = found ? shareOfRun(now, state.value.document, found.point) : null;
    if (share !== null) begun.value = new Map(begun.peek()).set(cell, share);
    measure();
  };
  /* The next run of the cell says so itself. */
  const forgetRuns = (cells: readonly { cell: string }[]): void => {
    const left = new Map(begun.peek());
    for (const { cell } of cells) left.delete(cell);
    if (left.size < begun.peek().size) begun.value = left;
  };
  begun.value = new Map();
  // One that goes on again stays on the screen meanwhile.
  const shown = experiment.peek();
  if (shown.status !== "ready" || shown.value.id !== id) experiment.value = { status: "loading" };
  progress.value = null;
  progressLeft.value = null;
  void read().then(() => {
    const state = experiment.peek();
    if (stopped || state.status !== "ready" || isOver(state.value.status)) return;
    unfollow = followExperiment(id, {
      progress(event) {
        progress.value = event;
        measure();
        const state = experiment.peek();
        if (state.status !== "ready" || state.value.status === event.status) return;
        patch((current) => ({ ...current, status: event.status }));
      },
      cells(event) {
        forgetRuns(event.cells);
        const cells = new Map(event.cells.map((cell) => [cell.index, cell.status]));
        for (const [index, status] of cells) since.set(index, status);
        look(cells);
      },
      run: noteRun,
      finished: () => void read(),
      resync: () => void read(),
      connected() {
        // What happened between the first read and the subscription is in neither.
        if (!opened) void read();
        opened = true;
      },
    });
  });

  const stopListening = onBack(() => {
    if (!isOverNow() && experiment.peek().status === "ready") void read();
  });

  return () => {
    stopped = true;
    pace.stop();
    gatesPace.stop();
    unfollow();
    stopListening();
  };
}
