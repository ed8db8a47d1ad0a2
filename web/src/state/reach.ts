// SPDX-License-Identifier: MIT
// Whether the server is away: whatever is asked of it says so, and where nothing is asked for a
// while a small question does. It is asked again and again until it is back, and whoever could not
// read something then reads it.

import { signal } from "@preact/signals";
import { type ApiError, askReach, onReach } from "../api";

/** The server does not answer. */
export const away = signal(false);
/** When it came back last, as performance.now() says; 0: it never was away. */
export const backSince = signal(0);

/* Between two questions while nothing else is asked. */
const QUIET_MS = 10_000;
/* After a question without an answer, growing. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 4000;

let timer = 0;
let pause = FIRST_PAUSE_MS;
let isWatched = false;

function askIn(ms: number): void {
  window.clearTimeout(timer);
  // Nobody looks: it is asked as soon as somebody does.
  if (isWatched && !document.hidden) timer = window.setTimeout(() => void askReach(), ms);
}

function answered(): void {
  if (away.peek()) {
    backSince.value = performance.now();
    away.value = false;
  }
  askIn(QUIET_MS);
}

function unanswered(): void {
  const wasAway = away.peek();
  away.value = true;
  // What fails again right after it was back is asked for less and less often.
  if (performance.now() - backSince.peek() > QUIET_MS && !wasAway) pause = FIRST_PAUSE_MS;
  askIn(pause);
  pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
}

onReach((heard) => {
  if (heard === "yes") answered();
  else if (heard === "no") unanswered();
  else askIn(0);
});

/** What failed only because the server was away, which it is no longer. */
export function isPast({ problem, at }: ApiError): boolean {
  return problem === null && at < backSince.value;
}

/** Calls `act` whenever it is back, until the returned function is called. */
export function onBack(act: () => void): () => void {
  const before = backSince.peek();
  return backSince.subscribe((at) => {
    if (at > before) act();
  });
}

/** Listens until the returned function is called. */
export function watchReach(): () => void {
  const look = (): void => askIn(0);
  isWatched = true;
  document.addEventListener("visibilitychange", look);
  window.addEventListener("online", look);
  askIn(away.peek() ? pause : QUIET_MS);
  return () => {
    isWatched = false;
    window.clearTimeout(timer);
    document.removeEventListener("visibilitychange", look);
    window.removeEventListener("online", look);
  };
}
