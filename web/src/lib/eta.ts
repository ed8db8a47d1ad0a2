// SPDX-License-Identifier: MIT
// How long something still takes, from how fast it went while somebody looked.

/** How much of a whole was done, and when in milliseconds. */
export interface Sample {
  at: number;
  done: number;
}

/** How much of an experiment is done, 0..1: by its runs as soon as their number is known. */
export function shareDone(of: { cells: number; cells_done: number; runs?: number; runs_done?: number }): number {
  const byRuns = of.runs ? (of.runs_done ?? 0) / of.runs : 0;
  return Math.min(1, Math.max(byRuns, of.cells > 0 ? of.cells_done / of.cells : 0));
}

/* Less says nothing about the rest. */
const LEAST_MS = 500;

/** Milliseconds until `whole` is done; null while nobody can tell. */
export function timeLeft(first: Sample, last: Sample, whole: number): number | null {
  const took = last.at - first.at;
  const done = last.done - first.done;
  if (done <= 0 || took < LEAST_MS) return null;
  return (took / done) * Math.max(0, whole - last.done);
}
