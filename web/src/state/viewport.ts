// SPDX-License-Identifier: MIT
// The window: which part of the run is looked at, and how wide it is drawn.

import { computed, effect, signal } from "@preact/signals";
import { clampViewport, type Viewport } from "../lib/viewport";
import { duration } from "./opened";

const REST_MS = 200;

export const viewport = signal<Viewport>({ from: 0, to: 1 });
/** Width of the drawing in CSS pixels; 0 until it is on the page. */
export const width = signal(0);

/** Where the pointer is in the drawing, as a place from its left edge; null when it is elsewhere. */
export const pointerX = signal<number | null>(null);

/** The moment at a place of the drawing. */
export function timeAt(x: number): number {
  const { from, to } = viewport.peek();
  return from + ((to - from) * x) / Math.max(1, width.peek());
}

/** The moment that one looks at: under the pointer, or else in the middle. */
export function timeInHand(): number {
  const x = pointerX.peek();
  const { from, to } = viewport.peek();
  return x === null ? (from + to) / 2 : timeAt(x);
}

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
