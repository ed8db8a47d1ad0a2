// SPDX-License-Identifier: MIT
// The run that is open, and what follows from it alone.

import { computed, signal } from "@preact/signals";
import type { Experiment, Run, RunLanes, RunMetric } from "../api";
import { loopParts } from "../lib/loop-parts";
import type { Loaded } from "./resource";

export interface OpenRun {
  run: Run;
  lanes: RunLanes;
  metrics: RunMetric[];
  experiment: Experiment;
}

/* Room behind what is known of a running run, so that one sees that there is more to come. */
const LIVE_ROOM = 1.05;

export const opened = signal<Loaded<OpenRun>>({ status: "idle" });

/** The run that is open, once it is there. */
export const current = computed(() => (opened.value.status === "ready" ? opened.value.value : null));
/** The run is still being recorded: it can be seen as far as it is known. */
export const isLive = computed(() => (current.value?.run.known_until ?? null) !== null);
export const duration = computed(() => {
  const run = current.value?.run;
  const known = run?.known_until ?? null;
  return Math.max(1, known === null ? (run?.duration_ns ?? 1) : Math.ceil(known * LIVE_ROOM));
});
/** Those of the run, and the parts of its loops. */
export const lanes = computed(() => {
  const items = current.value?.lanes.items ?? [];
  return [...items, ...loopParts(items)];
});
export const lanesById = computed(() => new Map(lanes.value.map((lane) => [lane.id, lane])));

/** Index of each thread among the threads: its identity colour. */
export const threadIndex = computed(() => {
  const threads = (current.value?.lanes.items ?? []).filter((lane) => lane.kind === "thread");
  return new Map(threads.map((lane, index) => [lane.id, index]));
});

export function stateName(code: number): string {
  return current.value?.lanes.states[code] ?? "";
}
