// SPDX-License-Identifier: MIT
// The keys of the timeline: W A S D, plus, minus, 0, F, R, comma, full stop, brackets and Escape anywhere
// on the page; arrows and Enter while the drawing has the focus. Never while somebody types.

import { panViewport, zoomViewport } from "../lib/viewport";
import { chooseCounter, chosenCounter, stepCounter, stepCounterRow } from "../state/counters";
import { chooseRange, range, rangeFromSelection } from "../state/range";
import {
  duration,
  focusSelection,
  select,
  selection,
  show,
  showAll,
  step,
  stepLane,
  viewport,
} from "../state/timeline";
import { walkBack, walkOn } from "../state/walk";

const KEY_PAN = 0.2;
const KEY_ZOOM = 0.7;

export function zoomBy(factor: number, anchor = 0.5): void {
  show(zoomViewport(viewport.peek(), factor, anchor, duration.peek()));
}

export function panBy(share: number): void {
  show(panViewport(viewport.peek(), share, duration.peek()));
}

function stepBy(direction: 1 | -1): void {
  if (chosenCounter.peek()) stepCounter(direction);
  else step(direction);
}

/** Below the last lane come the counters. */
function stepRow(by: 1 | -1): void {
  if (chosenCounter.peek() ? stepCounterRow(by) : stepLane(by)) return;
  if (by === 1) stepCounterRow(by);
  else if (chosenCounter.peek()) stepLane(by);
}

/** What is selected fills the window, or else the range; once more and all is shown. */
export function focus(): void {
  const ends = range.peek();
  const span = selection.peek();
  if (!span && !ends) return;
  const before = viewport.peek();
  if (span) focusSelection();
  else if (ends) show(ends);
  const { from, to } = viewport.peek();
  if (from === before.from && to === before.to) showAll();
}

/** The range first, then what is selected. */
function clear(): void {
  if (range.peek()) return chooseRange(null);
  chooseCounter(null);
  select(null);
}

const PAGE_KEYS: Record<string, () => void> = {
  w: () => zoomBy(KEY_ZOOM),
  s: () => zoomBy(1 / KEY_ZOOM),
  a: () => panBy(-KEY_PAN),
  d: () => panBy(KEY_PAN),
  "+": () => zoomBy(KEY_ZOOM),
  "=": () => zoomBy(KEY_ZOOM),
  "-": () => zoomBy(1 / KEY_ZOOM),
  "0": showAll,
  f: focus,
  r: rangeFromSelection,
  ",": () => stepBy(-1),
  ".": () => stepBy(1),
  "]": () => void walkBack(),
  "[": () => void walkOn(),
  Escape: clear,
};

/** These would scroll the page, so they count only while the drawing has the focus. */
const STAGE_KEYS: Record<string, () => void> = {
  ArrowLeft: () => panBy(-KEY_PAN),
  ArrowRight: () => panBy(KEY_PAN),
  ArrowUp: () => stepRow(-1),
  ArrowDown: () => stepRow(1),
  Enter: focus,
};

function takesText(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, select, textarea");
}

export function attachKeys(plot: HTMLElement): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || takesText(event.target)) return;
    const onStage = document.activeElement === plot;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const act = (onStage ? STAGE_KEYS[key] : undefined) ?? PAGE_KEYS[key];
    if (!act) return;
    event.preventDefault();
    act();
  };
  window.addEventListener("keydown", onKey);
  return () => window.removeEventListener("keydown", onKey);
}
