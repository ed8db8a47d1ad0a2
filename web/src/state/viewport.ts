// SPDX-License-Identifier: MIT
// The window: which part of the run is looked at, and how wide it is drawn.

import { computed, effect, signal } from "@preact/signals";
import { clampViewport, type Viewport } from "../lib/viewport";
import { duration } from "./opened";

const REST_MS = 200;

export const viewport = signal<Viewport>({ from: 0, to: 1 });
/** Width of the drawing in CSS pixels; 0 until it is on the page. */
export const width = signal(0);

function isWhole(view: Viewport): boolean {
  return view.from <= 0 && view.to >= duration.value;
}

/** Whether the window is the whole run. */
export const whole = computed(() => isWhole(viewport.value));

/** The window a moment after it last moved: for what is too costly to follow every frame. */
export const restingViewport = signal<Viewport>({ from: 0, to: 1 });
export const restsOnWhole = computed(() => isWhole(restingViewport.value));
let restTimer = 0;
effect(() => {
  const view = viewport.value;
  window.clearTimeout(restTimer);
  restTimer = window.setTimeout(() => {
    restingViewport.value = view;
  }, REST_MS);
});

export function show(view: Viewport): void {
  viewport.value = clampViewport(view, duration.peek());
}

export function showAll(): void {
  show({ from: 0, to: duration.peek() });
}
