// SPDX-License-Identifier: MIT
// How long something still takes, from how fast it went while somebody looked.

import { resolvePointer } from "./json-scan";

/** How much of a whole was done, and when in milliseconds. */
export interface Sample {
  at: number;
  done: number;
}

interface Done {
  cells: number;
  cells_done: number;
  runs?: number;
  runs_done?: number;
  /** How much of runs that go on is done, in runs. */
  begun?: number;
}

/** How much of an experiment is done, 0..1: by its runs as soon as their number is known. */
export function shareDone(of: Done): number {
  const byRuns = of.runs ? ((of.runs_done ?? 0) + (of.begun ?? 0)) / of.runs : 0;
  return Math.min(1, Math.max(byRuns, of.cells > 0 ? of.cells_done / of.cells : 0));
}

/* Less says nothing about the rest. */
const LEAST_MS = 500;

/** What is known of a run that goes on. */
export interface RunNow {
  units: number;
  duration_ns: number;
}

const NS_PER_S = 1e9;

/** How much of a run is done, 0..1: by its jobs, or by the time in which they arrive; null where
 * the document does not say how much there is to do. `point` is that of the run's cell. */
export function shareOfRun(now: RunNow, document: unknown, point: Readonly<Record<string, unknown>>): number | null {
  const at = (pointer: string): number | null => {
    const value = point[pointer] ?? resolvePointer(document, pointer);
    return typeof value === "number" && value > 0 ? value : null;
  };
  const count = at("/workload/jobs/count");
  const seconds = at("/workload/jobs/arrivals/for_s");
  if (count !== null) return Math.min(1, now.units / count);
  return seconds === null ? null : Math.min(1, now.duration_ns / (NS_PER_S * seconds));
}

/** Milliseconds until `whole` is done; null while nobody can tell. */
export function timeLeft(first: Sample, last: Sample, whole: number): number | null {
  const took = last.at - first.at;
  const done = last.done - first.done;
  if (done <= 0 || took < LEAST_MS) return null;
  return (took / done) * Math.max(0, whole - last.done);
}
