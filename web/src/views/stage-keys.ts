// SPDX-License-Identifier: MIT
// What can be done on the timeline, with its keys: most of them count anywhere on the page.

import { panViewport, zoomViewport } from "../lib/viewport";
import { asAtFirst, foldAll, openAll, showHidden } from "../state/arrangement";
import type { Command, PageCommands, Target } from "../state/commands";
import { chooseCounter, chosenCounter, stepCounter } from "../state/counters";
import { redoView, undoView } from "../state/history";
import { addBookmark, beginNote, stepNote } from "../state/notes";
import { duration, lanesById } from "../state/opened";
import { chooseRange, range, rangeFromSelection } from "../state/range";
import { searchOpen } from "../state/search";
import { stepRow } from "../state/stops";
import { focusSelection, foldDetails, seekLane, select, selection, step } from "../state/timeline";
import { show, showAll, timeInHand, viewport } from "../state/viewport";
import { walkBack, walkOn } from "../state/walk";
import { hide, laneInHand, moveBy, pin } from "./lane-actions";
import { printPage } from "./stage-print";
import { laneFullTitle } from "./timeline-words";

const KEY_PAN = 0.2;
const KEY_ZOOM = 0.7;

export function zoomBy(factor: number, anchor = 0.5): void {
  show(zoomViewport(viewport.peek(), factor, anchor, duration.peek()));
}

/** Where the pointer is, or else around the middle: a key is pressed while one looks at a place. */
function zoomHere(factor: number): void {
  const { from, to } = viewport.peek();
  zoomBy(factor, (timeInHand() - from) / Math.max(1, to - from));
}

export function panBy(share: number): void {
  show(panViewport(viewport.peek(), share, duration.peek()));
}

function stepBy(direction: 1 | -1): void {
  if (chosenCounter.peek()) stepCounter(direction);
  else step(direction);
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

/** The sheet of keys lists them in this order. */
const BINDINGS: readonly Command[] = [
  { keys: ["w", "+", "="], shown: ["W", "+"], says: "key.in", act: () => zoomHere(KEY_ZOOM) },
  { keys: ["s", "-"], shown: ["S", "-"], says: "key.out", act: () => zoomHere(1 / KEY_ZOOM) },
  { keys: ["a"], shown: ["A"], says: "key.earlier", act: () => panBy(-KEY_PAN) },
  { keys: ["d"], shown: ["D"], says: "key.later", act: () => panBy(KEY_PAN) },
  { keys: ["0"], shown: ["0"], says: "key.all", act: showAll },
  { keys: ["f"], shown: ["F"], says: "key.focus", act: focus },
  { keys: ["r"], shown: ["R"], says: "key.range", act: rangeFromSelection },
  { keys: [","], shown: [","], says: "key.previous", act: () => stepBy(-1) },
  { keys: ["."], shown: ["."], says: "key.next", act: () => stepBy(1) },
  { keys: ["]"], shown: ["]"], says: "key.cause", act: () => void walkBack() },
  { keys: ["["], shown: ["["], says: "key.effect", act: () => void walkOn() },
  { keys: ["q"], shown: ["Q"], says: "key.details", act: foldDetails },
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
  { keys: [], shown: [], says: "command.foldAll", act: foldAll },
  { keys: [], shown: [], says: "command.openAll", act: openAll },
  { keys: [], shown: [], says: "command.showHidden", act: showHidden },
  { keys: [], shown: [], says: "lanes.reset", act: asAtFirst },
  { keys: [], shown: [], says: "command.print", act: printPage },
  { keys: ["z"], shown: ["Ctrl", "Z"], says: "key.undo", act: undoView, when: "mod" },
  { keys: ["y", "Z"], shown: ["Ctrl", "Y"], says: "key.redo", act: redoView, when: "mod" },
  { keys: ["Escape"], shown: ["Esc"], says: "key.clear", act: clear },
  // These would scroll the page, so they count only while the drawing has the focus.
  { keys: ["ArrowLeft"], shown: ["←"], says: "key.left", act: () => panBy(-KEY_PAN), when: "stage" },
  { keys: ["ArrowRight"], shown: ["→"], says: "key.right", act: () => panBy(KEY_PAN), when: "stage" },
  { keys: ["ArrowUp"], shown: ["↑"], says: "key.up", act: () => stepRow(-1), when: "stage" },
  { keys: ["ArrowDown"], shown: ["↓"], says: "key.down", act: () => stepRow(1), when: "stage" },
  { keys: ["Enter"], shown: ["Enter"], says: "key.enter", act: focus, when: "stage" },
];

/** By mouse, and what it does. */
const GESTURES = [
  ["sheet.wheel", "gesture.wheel"],
  ["sheet.ctrlWheel", "gesture.ctrlWheel"],
  ["sheet.shiftWheel", "gesture.shiftWheel"],
  ["sheet.drag", "gesture.drag"],
  ["sheet.shiftDrag", "gesture.shiftDrag"],
  ["sheet.click", "gesture.click"],
  ["sheet.doubleClick", "gesture.doubleClick"],
  ["sheet.legend", "timeline.legend.more"],
  ["sheet.hold", "gesture.hold"],
  ["sheet.pinch", "gesture.pinch"],
] as const;

function lanes(): Target[] {
  return [...lanesById.value.values()].map(({ id }) => ({
    key: `lane-${id}`,
    text: laneFullTitle(id),
    act: () => seekLane(id),
  }));
}

export const TIMELINE: PageCommands = {
  commands: BINDINGS,
  gestures: GESTURES,
  targets: { says: "palette.lanes", list: lanes },
};
