// SPDX-License-Identifier: MIT
// Where the window has rested before: undone and done again one by one, as long as the run is open.

import { effect, signal } from "@preact/signals";
import type { Viewport } from "../lib/viewport";
import { current, duration, restingViewport, show, showAll, viewport } from "./timeline";

const KEPT = 200;

/** A place where the window rested; null for the whole run, which may still grow. */
type Place = Viewport | null;

let past: Place[] = [];
let future: Place[] = [];
let here: Place = null;
let run: string | undefined;

export const canUndo = signal(false);
export const canRedo = signal(false);

function tell(): void {
  canUndo.value = past.length > 0;
  canRedo.value = future.length > 0;
}

function placeOf(view: Viewport): Place {
  return view.from <= 0 && view.to >= duration.peek() ? null : view;
}

function isHere(place: Place): boolean {
  return place === here || (place?.from === here?.from && place?.to === here?.to);
}

/** Notes that the window is somewhere else now. */
function arrive(view: Viewport): void {
  const place = placeOf(view);
  if (isHere(place)) return;
  past = [...past, here].slice(-KEPT);
  future = [];
  here = place;
  tell();
}

effect(() => {
  const view = restingViewport.value;
  const id = current.value?.run.id;
  if (id === run) return id === undefined ? undefined : arrive(view);
  run = id;
  past = [];
  future = [];
  here = placeOf(view);
  tell();
});

function goTo(place: Place): void {
  here = place;
  tell();
  if (place) show(place);
  else showAll();
}

export function undoView(): void {
  arrive(viewport.peek());
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
