// SPDX-License-Identifier: MIT
// What the page is about: the range, or what is selected. Of both, what was chosen last.

import { computed, effect, signal } from "@preact/signals";
import { chosenCounter } from "./counters";
import { range } from "./range";
import { selection } from "./timeline";

export const SUBJECTS = ["selection", "range"] as const;
export type Subject = (typeof SUBJECTS)[number];

const isSelected = computed(() => (selection.value ?? chosenCounter.value) !== null);
const isMarked = computed(() => range.value !== null);
const last = signal<Subject>("selection");

effect(() => {
  if (range.value) last.value = "range";
});
effect(() => {
  if (selection.value ?? chosenCounter.value) last.value = "selection";
});

/** Whether there are both, a range and something selected. */
export const areBoth = computed(() => isSelected.value && isMarked.value);

/** null: nothing is selected, and there is no range. */
export const subject = computed<Subject | null>(() => {
  if (areBoth.value) return last.value;
  return isMarked.value ? "range" : isSelected.value ? "selection" : null;
});

/** Of both, the one that somebody turns to. */
export function turnTo(which: Subject): void {
  last.value = which;
}
