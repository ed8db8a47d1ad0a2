// SPDX-License-Identifier: MIT
// Runs of a grid one below the other, on one axis of time: a few lanes of each, read once, and
// what was done on them from the beginning to the end of the axis.

import { computed, effect, signal } from "@preact/signals";
import { getRunLanes, getTimeline } from "../api";
import { decodeTimeline } from "../lib/columns";
import { type Lane, tellingLanes } from "../lib/lanes";
import type { Picture } from "../lib/picture";

/** How far the axis goes: to the end of all runs, or until the fastest has ended. */
export type Axis = "whole" | "fastest";

export interface Outline {
  states: readonly string[];
  lanes: readonly Lane[];
  duration: number;
}

const LANES = 7;
const PIXELS = 800;
/* From this ratio of durations on, the whole would leave nothing to see of the fastest. */
const TOO_DIFFERENT = 6;

/** By run; null: it cannot be shown. */
export const outlines = signal<ReadonlyMap<string, Outline | null>>(new Map());
export const pictures = signal<ReadonlyMap<string, Picture>>(new Map());
/** Null: what fits the runs. */
export const chosenAxis = signal<Axis | null>(null);
const wanted = signal<readonly string[]>([]);

const durations = computed(() =>
  wanted.value.flatMap((run) => outlines.value.get(run)?.duration ?? []),
);
/** All that is shown is known, or known not to be there: the axis will not move any more. */
const complete = computed(() => wanted.value.every((run) => outlines.value.has(run)));
const longest = computed(() => Math.max(1, ...durations.value));
const shortest = computed(() => Math.min(longest.value, ...durations.value));

export const axis = computed<Axis>(
  () => chosenAxis.value ?? (longest.value > TOO_DIFFERENT * shortest.value ? "fastest" : "whole"),
);
/** The end of the axis in ns; it begins at 0. */
export const axisEnd = computed(() => (axis.value === "whole" ? longest.value : shortest.value));
export const canChooseAxis = computed(() => longest.value > shortest.value);

async function readOutline(run: string): Promise<Outline | null> {
  try {
    const { items, states } = await getRunLanes(run);
    const duration = Math.max(0, ...items.map((lane) => lane.died_ns ?? 0));
    return duration > 0 ? { states, lanes: tellingLanes(items, LANES), duration } : null;
  } catch {
    return null; /* Deleted meanwhile, or the server is away: the row says so. */
  }
}

async function readOutlines(runs: readonly string[]): Promise<void> {
  for (const run of runs) {
    if (outlines.peek().has(run)) continue;
    const outline = await readOutline(run);
    outlines.value = new Map(outlines.peek()).set(run, outline);
  }
}

let reading: AbortController | null = null;

async function readPictures(runs: readonly string[], to: number): Promise<void> {
  reading?.abort();
  const controller = new AbortController();
  reading = controller;
  for (const run of runs) {
    const outline = outlines.peek().get(run);
    if (!outline || pictures.peek().get(run)?.duration === to) continue;
    const window = { from: 0, to, pixels: PIXELS };
    const lanes = outline.lanes.map(({ id }) => id);
    try {
      const data = decodeTimeline(await getTimeline(run, window, lanes, controller.signal));
      if (reading !== controller) return;
      const { states } = outline;
      const picture = { duration: to, states, lanes: outline.lanes, data };
      pictures.value = new Map(pictures.peek()).set(run, picture);
    } catch {
      if (controller.signal.aborted) return;
    }
  }
}

effect(() => {
  if (complete.value) void readPictures(wanted.value, axisEnd.value);
});

/** Shows these runs, as many as are asked for; what is known of them is kept. */
export function showSideBySide(runs: readonly string[]): void {
  wanted.value = runs;
  void readOutlines(runs);
}

/** Forgets everything: another experiment is looked at. */
export function closeSideBySide(): void {
  reading?.abort();
  wanted.value = [];
  outlines.value = new Map();
  pictures.value = new Map();
  chosenAxis.value = null;
}
