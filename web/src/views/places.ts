// SPDX-License-Identifier: MIT
// Back and Forward lead to where one was: each entry of the history knows how far its page was
// scrolled and what had the focus. The page reads its content first, so that the browser would come
// too early.

import { beforeVisits } from "../state/router";

interface Place {
  scrolled: number;
  /** Selector of what had the focus, and where on the screen that was. */
  focus: string | null;
  top: number;
}

/* A page that is not there by then has changed. */
const PATIENCE_MS = 8000;
/* What is there may go once more while the page reads what is new, or be pushed down. */
const SETTLED_MS = 1000;

const places = new Map<string, Place>();
let entry = "";
let made = 0;
let stopReturning = (): void => {};
let returning = false;

/** Whether the page that is open was come back to, or loaded again, and it is known where one was. */
export function isReturning(): boolean {
  return returning;
}

/** Whether it is known what had the focus on the page that is come back to. */
export function knowsFocus(): boolean {
  return returning && places.get(entry)?.focus != null;
}

/** Names the entry of the history that is open, and says whether it had a name. */
function nameEntry(): boolean {
  const kept: unknown = (window.history.state as { entry?: unknown } | null)?.entry;
  const isKnown = typeof kept === "string";
  entry = isKnown ? kept : `${Date.now()}.${(made += 1)}`;
  if (!isKnown) window.history.replaceState({ entry }, "");
  return isKnown;
}

/** A link is known by where it leads, other things by their id. */
function selectorOf(element: Element | null): string | null {
  if (element?.id && element.id !== "main") return `#${CSS.escape(element.id)}`;
  const href = element?.closest("main a")?.getAttribute("href");
  return href == null ? null : `main a[href="${CSS.escape(href)}"]`;
}

function placeNow(): Place {
  const active = document.activeElement;
  return { scrolled: window.scrollY, focus: selectorOf(active), top: active?.getBoundingClientRect().top ?? 0 };
}

/** Not while the page has less content than it had. */
const hasRoomFor = (scrolled: number): boolean => document.documentElement.scrollHeight - window.innerHeight >= scrolled;
const isScrolledTo = (scrolled: number): boolean => Math.abs(window.scrollY - scrolled) < 1;

/** True once it is where it was: the page may be too short for that until it has read more. */
function hasComeTo(element: HTMLElement, top: number): boolean {
  if (element !== document.activeElement) element.focus({ preventScroll: true });
  window.scrollBy(0, element.getBoundingClientRect().top - top);
  return Math.abs(element.getBoundingClientRect().top - top) < 1;
}

/** True once it is where it was; `isThere` when it has been scrolled there already. */
function isAt({ scrolled, focus, top }: Place, isThere: boolean): boolean {
  const element = focus === null ? null : document.querySelector<HTMLElement>(focus);
  if (element) return hasComeTo(element, top);
  // What is to be seen there may be read only when it is near. Not again and again: a hand on the
  // scroll bar is no event.
  if (!isThere) window.scrollTo(0, scrolled);
  return focus === null && isScrolledTo(scrolled);
}

/** Events by which somebody moves on. */
export const HANDS = ["wheel", "pointerdown", "touchstart", "keydown"];

/**
 * Somebody has moved the focus. Titles and <main> have it while what had it goes and comes with the
 * page (focus-keeper.ts).
 */
function isElsewhere({ focus }: Place): boolean {
  const active = document.activeElement;
  return focus !== null && active instanceof HTMLElement && active.tabIndex >= 0 && !active.matches(focus);
}

/** Goes on until it is there to stay, or somebody moves on. */
function goBackTo(place: Place): void {
  const end = performance.now() + PATIENCE_MS;
  let frame = 0;
  const stop = (): void => {
    cancelAnimationFrame(frame);
    for (const hand of HANDS) window.removeEventListener(hand, stop, { capture: true });
  };
  let since = Infinity;
  let isThere = false;
  let hadFocus = false;
  const step = (): void => {
    const now = performance.now();
    if (hadFocus && isElsewhere(place)) return stop();
    // The page that was left may have been high enough, and this one is not yet.
    isThere &&= hasRoomFor(place.scrolled);
    since = isAt(place, isThere) ? Math.min(since, now) : Infinity;
    hadFocus ||= place.focus !== null && document.activeElement?.matches(place.focus) === true;
    isThere ||= isScrolledTo(place.scrolled);
    if (now > end || now - since > SETTLED_MS) stop();
    else frame = requestAnimationFrame(step);
  };
  for (const hand of HANDS) window.addEventListener(hand, stop, { capture: true, passive: true });
  stopReturning = stop;
  frame = requestAnimationFrame(step);
}

function onVisit(): void {
  stopReturning();
  places.set(entry, placeNow());
  const place = nameEntry() ? places.get(entry) : undefined;
  returning = place !== undefined;
  if (place) goBackTo(place);
}

/* --- when the page is loaded again --- */

const KEY = "gilscope.place";

function keep(): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify([entry, placeNow()]));
  } catch {
    // Storage is off: it begins at the top.
  }
}

function kept(): Place | null {
  try {
    const [of, place] = JSON.parse(sessionStorage.getItem(KEY) ?? "[]") as [string?, Place?];
    return of === entry && place ? place : null;
  } catch {
    return null;
  }
}

export function keepPlaces(): void {
  window.history.scrollRestoration = "manual";
  const place = nameEntry() ? kept() : null;
  returning = place !== null;
  if (place) goBackTo(place);
  beforeVisits(onVisit);
  window.addEventListener("pagehide", keep);
}
