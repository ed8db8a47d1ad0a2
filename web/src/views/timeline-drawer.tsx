// SPDX-License-Identifier: MIT
// What is selected, and the range, in words. While there is something it stays at the lower edge of
// the window, as far as its place below the stage is not reached, and the row that it is about is
// brought above it: both are seen together. It is never so high that the lanes have less than about
// two thirds of the window; a selection and a range stand beside each other, or take turns where
// that is too narrow.

import { useEffect, useRef } from "preact/hooks";
import { chosenCounter, partOfCounter } from "../state/counters";
import { t } from "../state/preferences";
import { areBoth, SUBJECTS, subject, turnTo } from "../state/subject";
import { selection } from "../state/timeline";
import { DOUBLE_MS } from "../timeline/gestures";
import { HANDS, isReturning } from "./places";
import { RangeDetails } from "./range-details";
import { placesOf } from "./stage-place";
import { Details } from "./timeline-details";

/* Around the row, so that one sees what it is next to. */
const MARGIN = 6;

let stillUntil = 0;

/** What is under the pointer stays there for a moment: a second click may follow. */
export function holdStill(): void {
  stillUntil = performance.now() + DOUBLE_MS;
}

/** Where the bar of a lane is on the screen. */
function barOf(lane: number): { top: number; bottom: number } | null {
  const list = document.querySelector<HTMLElement>(".stage-scroll");
  const place = list && placesOf([lane], list).get(lane);
  if (!list || !place) return null;
  const top = list.getBoundingClientRect().top + place.top;
  return { top, bottom: top + place.height };
}

/** Scrolls the page so that the drawer is below a lane, and not over it. */
function uncover(drawer: HTMLElement, lane: number): void {
  const free = Math.min(drawer.getBoundingClientRect().top, window.innerHeight);
  window.scrollBy(0, Math.max(0, (barOf(lane)?.bottom ?? 0) + MARGIN - free));
}

/** The same, and the lane is on the screen. */
function showAbove(drawer: HTMLElement, lane: number): void {
  const header = document.querySelector(".header")?.getBoundingClientRect().bottom ?? 0;
  const bar = barOf(lane);
  if (!bar) return;
  // With what is above the lanes, when one comes from below.
  if (bar.top < header + MARGIN) document.querySelector(".stage")?.scrollIntoView({ block: "start" });
  uncover(drawer, lane);
}

/** The drawer may grow over a lane that was seen; who has scrolled elsewhere stays there. */
function isCovered(drawer: HTMLElement, lane: number): boolean {
  const bar = barOf(lane);
  const { top, bottom } = drawer.getBoundingClientRect();
  return bar !== null && bar.bottom + MARGIN > top && bar.top < bottom;
}

/** The lane of what is looked at, as the drawing has it. */
function laneLookedAt(): number | null {
  const counter = chosenCounter.value;
  return selection.value?.lane ?? (counter && partOfCounter(counter));
}

/** Which of both is seen, where there is room for one. */
function SubjectSwitch() {
  return (
    <div class="switch drawer-switch" role="group" aria-label={t("drawer.switch")}>
      {SUBJECTS.map((side) => (
        <button
          key={side}
          type="button"
          class="switch-choice is-text"
          aria-pressed={subject.value === side}
          onClick={() => turnTo(side)}
        >
          {t(`drawer.${side}`)}
        </button>
      ))}
    </div>
  );
}

export function Drawer() {
  const drawer = useRef<HTMLDivElement>(null);
  const what = selection.value ?? chosenCounter.value;
  const lane = laneLookedAt();
  // Who comes back is where he was.
  const isSettling = useRef(isReturning());
  useEffect(() => {
    const element = drawer.current;
    if (!element || what === null) return;
    const isFirst = isSettling.current;
    isSettling.current = false;
    if (lane === null) return;
    let observer: ResizeObserver | undefined;
    let isMoved = isFirst;
    const isCurrent = (): boolean => (selection.peek() ?? chosenCounter.peek()) === what;
    const begin = (): void => {
      if (!isFirst) showAbove(element, lane);
      observer = new ResizeObserver(() => {
        if (!isCurrent()) return;
        // What comes later above the lanes pushes them down.
        if (!isMoved) showAbove(element, lane);
        else if (isCovered(element, lane)) uncover(element, lane);
      });
      observer.observe(element);
      observer.observe(document.body);
    };
    const hands = new AbortController();
    for (const hand of HANDS) {
      window.addEventListener(hand, () => (isMoved = true), { signal: hands.signal, capture: true, passive: true });
    }
    const timer = window.setTimeout(begin, Math.max(0, stillUntil - performance.now()));
    return () => {
      window.clearTimeout(timer);
      hands.abort();
      observer?.disconnect();
    };
  }, [what]);
  useEffect(() => {
    const element = drawer.current;
    if (!element) return;
    // What gets the focus by Tab is not to lie behind it.
    const page = document.documentElement;
    const observer = new ResizeObserver(() => {
      const covers = getComputedStyle(element).position === "sticky" ? element.offsetHeight : 0;
      page.style.setProperty("--covered", `${covers}px`);
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      page.style.removeProperty("--covered");
    };
  }, []);
  const looks = [
    "drawer",
    ...(subject.value !== null ? ["is-open"] : []),
    ...(areBoth.value ? ["has-both", `shows-${subject.value}`] : []),
  ];
  return (
    <div ref={drawer} class={looks.join(" ")}>
      {areBoth.value && <SubjectSwitch />}
      <RangeDetails />
      <Details />
    </div>
  );
}
