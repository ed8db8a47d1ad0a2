// SPDX-License-Identifier: MIT
// The rows of the open run as somebody arranged them, and those that are on the screen.

import { computed, signal } from "@preact/signals";
import { arrangeRows, pinnedRows } from "../lib/lanes";
import { arrangement, folded } from "./arrangement";
import { laneTitle } from "./lane-title";
import { lanes } from "./opened";

/* Rows that exist before anything was measured. */
const FIRST_ROWS = 40;

export const rows = computed(() =>
  arrangeRows(lanes.value, {
    folded: folded.value,
    arrangement: arrangement.value,
    titleOf: laneTitle,
  }),
);

/** Rows of pinned lanes, the first ones. */
export const pinnedCount = computed(() => pinnedRows(rows.value));

/* Pinned rows that would leave less of the screen than this scroll with the others. */
const FREE_SHARE = 0.4;

/** How many rows fit on the screen. */
export const rowsThatFit = signal(0);

/** So many of the first rows stay where they are while the others scroll. */
export const stickyCount = computed(() =>
  pinnedCount.value <= rowsThatFit.value * (1 - FREE_SHARE) ? pinnedCount.value : 0,
);

/** Where each lane's row is. */
export const rowOfLane = computed(
  () => new Map(rows.value.flatMap(({ lane }, index) => (lane ? [[lane.id, index] as const] : []))),
);

/** Rows on the screen and a few around them, as a range of `rows`. */
export const rowsOnScreen = signal({ first: 0, last: FIRST_ROWS });

/** Told by the page: rows [first, last) are on the screen or close to it. */
export function reportRows(first: number, last: number): void {
  const before = rowsOnScreen.peek();
  if (before.first !== first || before.last !== last) rowsOnScreen.value = { first, last };
}

export function forgetRows(): void {
  rowsOnScreen.value = { first: 0, last: FIRST_ROWS };
}
