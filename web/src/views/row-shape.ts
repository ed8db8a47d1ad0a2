// SPDX-License-Identifier: MIT
// How high the rows of the stage are. Names stand to the left of the drawing; in a narrow window
// above their bars, so that both have the whole width.

import { computed, signal } from "@preact/signals";

/* As in stage.css. */
const narrow = window.matchMedia("(max-width: 40rem)");
const isNarrow = signal(narrow.matches);
narrow.addEventListener("change", ({ matches }) => {
  isNarrow.value = matches;
});

interface Shape {
  height: number;
  /** From the top of a row to its bar. */
  barTop: number;
}

export const BAR_HEIGHT = 18;

/** Of lanes. */
export const rowShape = computed<Shape>(() =>
  isNarrow.value ? { height: 42, barTop: 21 } : { height: 28, barTop: (28 - BAR_HEIGHT) / 2 },
);

/** Of counters below the lanes. */
export const counterShape = computed<Shape>(() =>
  isNarrow.value ? { height: 62, barTop: 24 } : { height: 44, barTop: 6 },
);
