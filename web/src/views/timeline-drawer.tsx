// SPDX-License-Identifier: MIT
// What is selected, and the range, in words. While there is something it stays at the lower edge of
// the window, as far as its place below the stage is not reached, and the row that it is about is
// brought above it: both are seen together.

import { useEffect, useRef } from "preact/hooks";
import { chosenCounter, partOfCounter } from "../state/counters";
import { range } from "../state/range";
import { selection } from "../state/timeline";
import { DOUBLE_MS } from "../timeline/gestures";
import { isReturning } from "./places";
import { RangeDetails } from "./range-details";
import { placesOf } from "./stage-place";
import { Details } from "./timeline-details";

/* More about a span has come by then, and the drawer its height. */
const SETTLES_MS = 1000;
/* Around the row, so that one sees what it is next to. */
const MARGIN = 6;

let stillUntil = 0;

/** What is under the pointer stays there for a moment: a second click may follow. */
export function holdStill(): void {
  stillUntil = performance.now() + DOUBLE_MS;
}

/** Scrolls the page so that a lane is on the screen, below the header and above the drawer. */
function showAbove(drawer: HTMLElement, lane: number): void {
  const list = document.querySelector<HTMLElement>(".stage-scroll");
  const place = list && placesOf([lane], list).get(lane);
  if (!list || !place) return;
  const header = document.querySelector(".header")?.getBoundingClientRect().bottom ?? 0;
  const rowTop = (): number => list.getBoundingClientRect().top + place.top;
  // With what is above the lanes, when one comes from below.
  if (rowTop() < header + MARGIN) list.closest(".stage")?.scrollIntoView({ block: "start" });
  const free = Math.min(drawer.getBoundingClientRect().top, window.innerHeight);
  window.scrollBy(0, Math.max(0, rowTop() + place.height + MARGIN - free));
}

/** The lane of what is looked at, as the drawing has it. */
function laneLookedAt(): number | null {
  const counter = chosenCounter.value;
  return selection.value?.lane ?? (counter && partOfCounter(counter));
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
    if (isFirst || lane === null) return;
    let observer: ResizeObserver | undefined;
    const isCurrent = (): boolean => (selection.peek() ?? chosenCounter.peek()) === what;
    const begin = (): void => {
      const end = performance.now() + SETTLES_MS;
      observer = new ResizeObserver(() => {
        if (isCurrent() && performance.now() < end) showAbove(element, lane);
      });
      observer.observe(element);
    };
    const timer = window.setTimeout(begin, Math.max(0, stillUntil - performance.now()));
    return () => {
      window.clearTimeout(timer);
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
  const isOpen = what !== null || range.value !== null;
  return (
    <div ref={drawer} class={isOpen ? "drawer is-open" : "drawer"}>
      <RangeDetails />
      <Details />
    </div>
  );
}
