// SPDX-License-Identifier: MIT
// A range of time that is looked at on its own, and what happened in it, exactly, from the server.

import { computed, effect, signal } from "@preact/signals";
import { getRange, type RangeStats } from "../api";
import { clampViewport, type Viewport } from "../lib/viewport";
import { asApiError, type Loaded } from "./resource";
import { current, duration } from "./opened";
import { selection } from "./timeline";
import { viewport } from "./viewport";

const REST_MS = 150;
const LONGEST_WAITS = 5;

/** In whole nanoseconds, at least one long; null when there is none. */
export const range = signal<Viewport | null>(null);
export const rangeStats = signal<Loaded<RangeStats>>({ status: "idle" });

/** Whether the window is the range, so that one cannot go there. */
export const rangeIsWindow = computed(() => {
  const ends = range.value && clampViewport(range.value, duration.value);
  return ends !== null && viewport.value.from === ends.from && viewport.value.to === ends.to;
});

/** Sets the range between two times in any order; null takes it away. */
export function chooseRange(ends: Viewport | null): void {
  if (!ends) {
    range.value = null;
    return;
  }
  const last = Math.max(1, Math.ceil(duration.peek()));
  const from = Math.min(Math.max(0, Math.floor(Math.min(ends.from, ends.to))), last - 1);
  const to = Math.min(last, Math.max(from + 1, Math.ceil(Math.max(ends.from, ends.to))));
  range.value = { from, to };
}

/** Makes the time of the selected span the range. */
export function rangeFromSelection(): void {
  const span = selection.peek();
  if (span) chooseRange({ from: span.start, to: span.end });
}

let timer = 0;
let asked: AbortController | null = null;

async function read(run: string, ends: Viewport): Promise<void> {
  const controller = new AbortController();
  asked = controller;
  try {
    const value = await getRange(run, ends, LONGEST_WAITS, controller.signal);
    if (asked === controller) rangeStats.value = { status: "ready", value };
  } catch (reason) {
    if (asked === controller) rangeStats.value = { status: "failed", error: asApiError(reason) };
  }
}

effect(() => {
  const ends = range.value;
  const run = current.value?.run.id;
  window.clearTimeout(timer);
  asked?.abort();
  asked = null;
  if (!ends || run === undefined) {
    rangeStats.value = { status: "idle" };
    if (run === undefined) range.value = null;
    return;
  }
  rangeStats.value = { status: "loading" };
  timer = window.setTimeout(() => void read(run, ends), REST_MS);
});
