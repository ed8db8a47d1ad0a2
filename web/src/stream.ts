// SPDX-License-Identifier: MIT
// Progress of experiments over server-sent events. The browser reconnects by itself after a
// dropped connection; when it gives up (the server answered with an error) this does, with
// growing pauses. After every reconnection, and on `resync`, the caller must read
// again what it shows: events in between are lost to it. It does so after an error of the server,
// too, which it learns in no other way.

import { type CellStatus, type ExperimentStatus, type RunSoFar, tellReach } from "./api";

export interface ProgressEvent {
  experiment: string;
  status: ExperimentStatus;
  cells: number;
  cells_done: number;
  /** All that there are to be; not known at the beginning of a stream. */
  runs?: number;
  runs_done: number;
  events: number;
}

/** Cells that began or ended, in that order. */
export interface CellsEvent {
  experiment: string;
  cells: { cell: string; index: number; status: CellStatus }[];
}

export interface FinishedEvent {
  experiment: string;
  status: ExperimentStatus;
}

/** How many experiments run and wait. */
export interface QueueEvent {
  running: number;
  waiting: number;
}

export interface StreamHandlers {
  progress(event: ProgressEvent): void;
  finished(event: FinishedEvent): void;
  cells?(event: CellsEvent): void;
  /** A run that goes on. */
  run?(event: RunSoFar): void;
  queue?(event: QueueEvent): void;
  resync(): void;
  /** It is there, for the first time or again. */
  connected(): void;
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 15000;

/** Follows all experiments and the queue until the returned function is called. */
export function followAll(handlers: StreamHandlers): () => void {
  return follow("experiments,queue", handlers);
}

/** Follows an experiment until the returned function is called. */
export function followExperiment(experiment: string, handlers: StreamHandlers): () => void {
  return follow(experiment, handlers);
}

function follow(topics: string, handlers: StreamHandlers): () => void {
  let source: EventSource | null = null;
  let timer = 0;
  let pause = FIRST_PAUSE_MS;
  let opened = false;

  const on = <T>(name: string, handle: ((event: T) => void) | undefined): void => {
    source?.addEventListener(name, (message) => {
      handle?.(JSON.parse((message as MessageEvent<string>).data) as T);
    });
  };

  const open = (): void => {
    source = new EventSource(`/api/v1/events?topics=${encodeURIComponent(topics)}`);
    source.onopen = () => {
      pause = FIRST_PAUSE_MS;
      tellReach("yes");
      handlers.connected();
      if (opened) handlers.resync();
      opened = true;
    };
    source.onerror = () => {
      tellReach("unsure");
      if (source?.readyState !== EventSource.CLOSED) return;
      handlers.resync();
      timer = window.setTimeout(open, pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    };
    on<ProgressEvent>("progress", handlers.progress);
    on<CellsEvent>("cells", handlers.cells);
    on<RunSoFar>("metrics", handlers.run);
    on<QueueEvent>("queue", handlers.queue);
    on<FinishedEvent>("finished", handlers.finished);
    source.addEventListener("resync", () => handlers.resync());
  };

  open();
  return () => {
    window.clearTimeout(timer);
    source?.close();
    source = null;
  };
}
