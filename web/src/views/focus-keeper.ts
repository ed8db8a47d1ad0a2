// SPDX-License-Identifier: MIT
// Where the focus goes when what has it goes away: a browser lets it fall to the body, and the Tab
// key begins at the top of the page again. Whatever removes a control needs to do nothing for it.
// The focus goes, by the first of these that is there,
//   - where `data-then` says, a selector, on the control or on something around it: at what it
//     names, or at the first control in that;
//   - to what has come in the place of the control, or else to what stands beside it;
//   - to the heading of what it was in.
// When the page goes, it goes to the place on the next one that is meant (`data-landing`) or to
// its title, as soon as they are there, and waits for them on <main>.

import { knowsFocus } from "./places";

const FOCUSABLE = ["a[href]", "button", "input", "select", "textarea", "summary", "[tabindex='0']"]
  .map((each) => `${each}:not(:disabled, [tabindex='-1'])`)
  .join();
const LANDINGS = ["[data-landing]", "h1"];
/* Rows stand beside each other; of other things only a control is beside a control. */
const LISTS = "ul, ol, tbody";
/* What may hide an element that stays, or disable it. */
const ATTRIBUTES = ["class", "hidden", "disabled"];

/** What has the focus, or had it when it went. */
let held: HTMLElement | null = null;
/** What is waited for on a page that is still to come, the best first. */
let awaited: readonly string[] | null = null;

const mainOf = (): HTMLElement | null => document.getElementById("main");

function isNowhere(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}

/** Headings and <main> take the focus from here only. */
function moveTo(element: HTMLElement): void {
  if (!element.matches(FOCUSABLE)) element.tabIndex = -1;
  element.focus({ preventScroll: element.offsetHeight > window.innerHeight / 2 });
}

function isSeen(element: Element | null | undefined): element is HTMLElement {
  return element instanceof HTMLElement && element.checkVisibility();
}

/* --- what takes its place --- */

function controlIn(node: Node | null): HTMLElement | undefined {
  if (!(node instanceof HTMLElement) || !node.isConnected) return undefined;
  return [node, ...node.querySelectorAll(FOCUSABLE)].find(
    (each): each is HTMLElement => each.matches(FOCUSABLE) && isSeen(each),
  );
}

function removalOf(node: Node, records: readonly MutationRecord[]): MutationRecord | undefined {
  return records.find(({ removedNodes }) => [...removedNodes].includes(node));
}

/** The elements that it was in, itself first, whether they are still on the page or not. */
function wayUp(from: Element, records: readonly MutationRecord[]): Element[] {
  const way: Element[] = [];
  for (let at: Node | null | undefined = from; at instanceof Element; ) {
    way.push(at);
    at = at.parentElement ?? removalOf(at, records)?.target;
  }
  return way;
}

/** In the place that a node has left. */
function inPlaceOf({ target, nextSibling, previousSibling }: MutationRecord, records: readonly MutationRecord[]): HTMLElement | undefined {
  const added = records.filter((record) => record.target === target).flatMap((record) => [...record.addedNodes]);
  const came = added.map(controlIn).find(Boolean);
  if (came) return came;
  const isList = target instanceof Element && target.matches(LISTS);
  const beside = [nextSibling, previousSibling].filter(
    (node) => isList || (node instanceof Element && node.matches(FOCUSABLE)),
  );
  return beside.map(controlIn).find(Boolean);
}

function headingOf(way: readonly Element[]): HTMLElement | undefined {
  const around = way.filter((each) => each.isConnected && each.matches("section, main"));
  const headings = [...around, mainOf()].map((each) => each?.querySelector("h1, h2, h3"));
  return headings.find(isSeen);
}

function successorOf(gone: Element, way: readonly Element[], records: readonly MutationRecord[]): HTMLElement | undefined {
  for (const at of way) {
    const then = at instanceof HTMLElement ? at.dataset.then : undefined;
    const named = then === undefined ? null : document.querySelector(then);
    if (named !== gone && isSeen(named)) return controlIn(named) ?? named;
    const removal = removalOf(at, records);
    const placed = removal?.target.isConnected ? inPlaceOf(removal, records) : undefined;
    if (placed) return placed;
  }
  return headingOf(way);
}

/* --- a page that opens --- */

/** Waits for one of these on the page that comes, unless it is known where one was on it. */
function land(way: readonly Element[]): void {
  const named = way.flatMap((each) => (each instanceof HTMLElement && each.dataset.then) || []);
  awaited = knowsFocus() ? null : [...named, ...LANDINGS];
  mainOf()?.focus({ preventScroll: true });
  arrive();
}

function arrive(): void {
  const main = mainOf();
  if (!awaited || !(isNowhere() || document.activeElement === main)) return;
  const found = awaited.map((selector) => main?.querySelector(selector)).find(isSeen);
  if (!found) return;
  awaited = null;
  moveTo(found);
}

/* --- watching --- */

function keep(element: HTMLElement, records: readonly MutationRecord[]): void {
  const way = wayUp(element, records);
  const main = mainOf();
  const isPage = records.some(({ target, removedNodes }) => {
    return target === main && [...removedNodes].some((node) => way.includes(node as Element));
  });
  held = null;
  const next = isPage ? undefined : successorOf(element, way, records);
  if (next) moveTo(next);
  else land(way);
}

/** It is on the page, and cannot be seen any more. */
function isHidden(element: HTMLElement, records: readonly MutationRecord[]): boolean {
  const changed = records.some(({ type, target }) => type === "attributes" && target !== element && target.contains(element));
  return changed && !element.checkVisibility();
}

function look(records: readonly MutationRecord[]): void {
  arrive();
  if (!held || !(isNowhere() || document.activeElement === held)) return;
  if (!held.isConnected || isHidden(held, records)) return keep(held, records);
  // Moved to another place, or enabled again: it has lost the focus on the way.
  const isBack = records.some(({ attributeName, target, removedNodes }) => {
    return (attributeName === "disabled" && target === held) || [...removedNodes].some((node) => node.contains(held));
  });
  if (isBack && isNowhere() && !held.matches(":disabled")) held.focus({ preventScroll: true });
}

function onFocus({ target }: FocusEvent): void {
  held = target instanceof HTMLElement ? target : null;
  if (held !== mainOf()) awaited = null;
}

/** Who presses somewhere else has left it. */
function onPress({ target }: PointerEvent): void {
  awaited = null;
  if (!(target instanceof Node) || !held?.contains(target)) held = null;
}

/** Keeps it until the returned function is called. */
export function keepFocus(): () => void {
  const observer = new MutationObserver(look);
  observer.observe(document.body, { childList: true, subtree: true, attributeFilter: ATTRIBUTES });
  document.addEventListener("focusin", onFocus);
  document.addEventListener("pointerdown", onPress, { capture: true });
  return () => {
    observer.disconnect();
    document.removeEventListener("focusin", onFocus);
    document.removeEventListener("pointerdown", onPress, { capture: true });
  };
}

/** For `data-then` of what brings more rows: the first of those that come. */
export function rowAfter(rows: string, count: number): string {
  return `${rows}:nth-child(${count + 1})`;
}

/* --- the timeline --- */

/** The drawing has the focus: its keys count. */
export function focusStage(): void {
  document.querySelector<HTMLElement>(".stage-plot")?.focus({ preventScroll: true });
}

/** The same, and it is on the screen. */
export function showStage(): void {
  document.querySelector(".timeline-tools")?.scrollIntoView({ block: "start" });
  focusStage();
}
