// SPDX-License-Identifier: MIT
// The keys of the timeline, most of them anywhere on the page, but never while somebody types.

import { signal } from "@preact/signals";
import type { MessageKey } from "../i18n/translate";
import { hide, laneInHand, moveBy, pin } from "./lane-actions";
import { panViewport, zoomViewport } from "../lib/viewport";
import { chooseCounter, chosenCounter, stepCounter, stepCounterRow } from "../state/counters";
import { redoView, undoView } from "../state/history";
import { addBookmark, beginNote, stepNote } from "../state/notes";
import { chooseRange, range, rangeFromSelection } from "../state/range";
import { searchOpen } from "../state/search";
import { duration } from "../state/opened";
import { focusSelection, select, selection, step, stepLane } from "../state/timeline";
import { show, showAll, viewport } from "../state/viewport";
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

function toggleSheet(): void {
  sheetOpen.value = !sheetOpen.peek();
}

function openSearch(): void {
  searchOpen.value = true;
  document.querySelector<HTMLElement>(".search-input")?.focus();
}

function openFilter(): void {
  document.querySelector<HTMLElement>(".lane-filter")?.focus();
}

/** The range first, then what is selected. */
function clear(): void {
  if (range.peek()) return chooseRange(null);
  chooseCounter(null);
  select(null);
}

export const sheetOpen = signal(false);

interface Binding {
  /** As KeyboardEvent.key says it, letters small. */
  keys: readonly string[];
  shown: readonly string[];
  says: MessageKey;
  act(): void;
  /** When it counts: with Ctrl or Cmd; with Alt; only while the drawing has the focus. */
  when?: "mod" | "alt" | "stage";
}

/** The sheet of keys lists them in this order. */
export const BINDINGS: readonly Binding[] = [
  { keys: ["w", "+", "="], shown: ["W", "+"], says: "key.in", act: () => zoomBy(KEY_ZOOM) },
  { keys: ["s", "-"], shown: ["S", "-"], says: "key.out", act: () => zoomBy(1 / KEY_ZOOM) },
  { keys: ["a"], shown: ["A"], says: "key.earlier", act: () => panBy(-KEY_PAN) },
  { keys: ["d"], shown: ["D"], says: "key.later", act: () => panBy(KEY_PAN) },
  { keys: ["0"], shown: ["0"], says: "key.all", act: showAll },
  { keys: ["f"], shown: ["F"], says: "key.focus", act: focus },
  { keys: ["r"], shown: ["R"], says: "key.range", act: rangeFromSelection },
  { keys: [","], shown: [","], says: "key.previous", act: () => stepBy(-1) },
  { keys: ["."], shown: ["."], says: "key.next", act: () => stepBy(1) },
  { keys: ["]"], shown: ["]"], says: "key.cause", act: () => void walkBack() },
  { keys: ["["], shown: ["["], says: "key.effect", act: () => void walkOn() },
  { keys: ["/"], shown: ["/"], says: "key.search", act: openSearch },
  { keys: ["b", "m"], shown: ["B", "M"], says: "key.bookmark", act: () => void addBookmark() },
  { keys: ["n"], shown: ["N"], says: "key.note", act: beginNote },
  { keys: ["<"], shown: ["<"], says: "key.notePrevious", act: () => stepNote(-1) },
  { keys: [">"], shown: [">"], says: "key.noteNext", act: () => stepNote(1) },
  { keys: ["l"], shown: ["L"], says: "key.filter", act: openFilter },
  { keys: ["p"], shown: ["P"], says: "key.pin", act: () => pin(laneInHand()) },
  { keys: ["h"], shown: ["H"], says: "key.hide", act: () => hide(laneInHand()) },
  { keys: ["ArrowUp"], shown: ["Alt", "↑"], says: "key.moveUp", act: () => moveBy(laneInHand(), -1), when: "alt" },
  { keys: ["ArrowDown"], shown: ["Alt", "↓"], says: "key.moveDown", act: () => moveBy(laneInHand(), 1), when: "alt" },
  { keys: ["z"], shown: ["Ctrl", "Z"], says: "key.undo", act: undoView, when: "mod" },
  { keys: ["y"], shown: ["Ctrl", "Y"], says: "key.redo", act: redoView, when: "mod" },
  { keys: ["?"], shown: ["?"], says: "key.sheet", act: toggleSheet },
  { keys: ["Escape"], shown: ["Esc"], says: "key.clear", act: clear },
  // These would scroll the page, so they count only while the drawing has the focus.
  { keys: ["ArrowLeft"], shown: ["←"], says: "key.left", act: () => panBy(-KEY_PAN), when: "stage" },
  { keys: ["ArrowRight"], shown: ["→"], says: "key.right", act: () => panBy(KEY_PAN), when: "stage" },
  { keys: ["ArrowUp"], shown: ["↑"], says: "key.up", act: () => stepRow(-1), when: "stage" },
  { keys: ["ArrowDown"], shown: ["↓"], says: "key.down", act: () => stepRow(1), when: "stage" },
  { keys: ["Enter"], shown: ["Enter"], says: "key.enter", act: focus, when: "stage" },
];

function takesText(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, select, textarea");
}

export function attachKeys(plot: HTMLElement): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (takesText(event.target)) return;
    const held = event.ctrlKey || event.metaKey ? "mod" : event.altKey ? "alt" : undefined;
    const onStage = document.activeElement === plot;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const bound = BINDINGS.find(
      ({ keys, when }) =>
        keys.includes(key) && (when === "stage" ? onStage && !held : when === held),
    );
    // The sheet has the keys while it is open.
    if (!bound || (sheetOpen.peek() && bound.act !== toggleSheet)) return;
    event.preventDefault();
    if (held === "mod" && event.shiftKey && key === "z") redoView();
    else bound.act();
  };
  window.addEventListener("keydown", onKey);
  return () => {
    sheetOpen.value = false;
    window.removeEventListener("keydown", onKey);
  };
}
