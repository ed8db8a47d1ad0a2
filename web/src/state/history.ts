// SPDX-License-Identifier: MIT
// What was looked at before, window and arrangement of the lanes: undone and done again one by
// one, as long as the run is open.

import { batch, effect, signal } from "@preact/signals";
import { type Arrangement, PLAIN, sameArrangement } from "../lib/arrangement";
import type { Viewport } from "../lib/viewport";
import { arrangement } from "./arrangement";
import { current, duration } from "./opened";
import { restingViewport, show, showAll, viewport } from "./viewport";

const KEPT = 200;

interface Place {
  /** Where the window rested; null for the whole run, which may still grow. */
  window: Viewport | null;
  arranged: Arrangement;
}

let past: Place[] = [];
let future: Place[] = [];
let here: Place = { window: null, arranged: PLAIN };
let run: string | undefined;

export const canUndo = signal(false);
export const canRedo = signal(false);

function tell(): void {
  canUndo.value = past.length > 0;
  canRedo.value = future.length > 0;
}

function placeOf(view: Viewport, arranged: Arrangement): Place {
  const isWhole = view.from <= 0 && view.to >= duration.peek();
  return { window: isWhole ? null : view, arranged };
}

function isHere({ window, arranged }: Place): boolean {
  const isSame = window?.from === here.window?.from && window?.to === here.window?.to;
  return isSame && sameArrangement(arranged, here.arranged);
}

/* The last step was a letter of the lanes' filter: the next one belongs to it. */
let isTyping = false;

/** Notes that one looks at something else now. */
function arrive(place: Place): void {
  if (isHere(place)) return;
  const isLetter = isHere({ ...place, arranged: { ...place.arranged, lanes: here.arranged.lanes } });
  if (isLetter && isTyping) {
    here = place;
    return;
  }
  isTyping = isLetter;
  past = [...past, here].slice(-KEPT);
  future = [];
  here = place;
  tell();
}

effect(() => {
  const place = placeOf(restingViewport.value, arrangement.value);
  const id = current.value?.run.id;
  if (id === run) return id === undefined ? undefined : arrive(place);
  run = id;
  isTyping = false;
  past = [];
  future = [];
  here = place;
  tell();
});

function goTo(place: Place): void {
  isTyping = false;
  here = place;
  tell();
  batch(() => {
    arrangement.value = place.arranged;
    if (place.window) show(place.window);
    else showAll();
    // It rests there, so that no step lies between the window and the lanes.
    restingViewport.value = viewport.peek();
  });
}

export function undoView(): void {
  arrive(placeOf(viewport.peek(), arrangement.peek()));
  const place = past.pop();
  if (place === undefined) return;
  future.push(here);
  goTo(place);
}

export function redoView(): void {
  const place = future.pop();
  if (place === undefined) return;
  past.push(here);
  goTo(place);
}
