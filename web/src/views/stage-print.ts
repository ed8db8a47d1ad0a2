// SPDX-License-Identifier: MIT
// Which rows of the stage come on paper: from the first on the screen on, as many as a sheet or
// two have room for. A browser prints at once, so that only rows are printed whose lanes are
// loaded; the command of this page loads them first. What is left out is said below the lanes.

import { effect, signal } from "@preact/signals";
import type { Row } from "../lib/lanes";
import { recordedId } from "../lib/loop-parts";
import { reportRows, rows, rowsOnScreen, stickyCount } from "../state/lane-rows";
import { data, fetchError, stale } from "../state/timeline";
import { rowShape } from "./row-shape";

const MOST_PRINTED = 80;

/** While it is printed: rows [first, last), below those that are pinned. */
export const printedRows = signal<{ first: number; last: number } | null>(null);

function isLoaded({ type, lane }: Row): boolean {
  return type === "group" || !lane || (data.peek()?.lanes.has(recordedId(lane.id)) ?? false);
}

/** The loaded rows from `first` on, as far as they follow each other. */
function rowsFrom(first: number): { first: number; last: number } {
  const list = rows.peek().slice(first, first + MOST_PRINTED);
  const missing = list.findIndex((row) => !isLoaded(row));
  return { first, last: first + (missing < 0 ? list.length : missing) };
}

/** Makes the list as high as what is printed of it. */
export function beginPrinting(list: HTMLElement): void {
  const sticky = stickyCount.peek();
  const { height } = rowShape.peek();
  const scrolled = Math.floor(list.scrollTop / height);
  const printed = rowsFrom(sticky + scrolled);
  printedRows.value = printed;
  list.style.maxHeight = `${(sticky + printed.last - printed.first) * height}px`;
  list.scrollTop = scrolled * height;
}

export function endPrinting(list: HTMLElement): void {
  printedRows.value = null;
  list.style.maxHeight = "";
}

/** Prints the page when the lanes are there that belong on the paper. */
export function printPage(): void {
  const { first } = rowsOnScreen.peek();
  reportRows(first, rowsOnScreen.peek().last + MOST_PRINTED);
  let over = false;
  const stop = effect(() => {
    const isWaiting = stale.value || !rows.value.slice(first, first + MOST_PRINTED).every(isLoaded);
    if (over || (isWaiting && data.value !== null && !fetchError.value)) return;
    over = true;
    queueMicrotask(() => {
      stop();
      window.print();
    });
  });
}
