// SPDX-License-Identifier: MIT
// How long something still takes, from how fast it went while somebody looked.

/** How much of a whole was done, and when in milliseconds. */
export interface Sample {
  at: number;
  done: number;
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
