// SPDX-License-Identifier: MIT
// Where things are on the stage: rows to pixels, pixels back to lanes, times, spans, instants.

import type { Span } from "../lib/columns";
import type { Lane } from "../lib/lanes";
import { isPart, partId } from "../lib/loop-parts";
import {
  counterOfPart,
  type CounterPlace,
  type CounterRow,
  partOfCounter,
  wholeCounter,
} from "../state/counters";
import { stateName } from "../state/opened";
import { chooseRange } from "../state/range";
import { rowOfLane, rows, stickyCount } from "../state/lane-rows";
import { data, findSpan } from "../state/timeline";
import { timeAt, viewport, width } from "../state/viewport";
import type { PlacedCounter } from "../timeline/counter-steps";
import type { Part, PlacedBand, PlacedLane } from "../timeline/renderer";
import { placedCounter } from "./counter-place";
import { BAR_HEIGHT, rowShape } from "./row-shape";

const HIT_PIXELS = 3;
const TICK_PIXELS = 5;

export interface HoverInstant {
  lane: number;
  at: number;
  kind: number;
  by: number;
  count: number;
}

/** What is on the screen of the rows: what scrolls, and the pinned ones that stay on top. */
export interface Layout {
  rest: Part;
  pinned: Part & { height: number };
}

const rowHeight = (): number => rowShape.peek().height;

function topOf(index: number, sticky: number, scrollTop: number): number {
  return index * rowHeight() - (index < sticky ? 0 : scrollTop);
}

function placed(id: number, top: number): PlacedLane {
  return { id, top: top + rowShape.peek().barTop, height: BAR_HEIGHT, isFull: isPart(id) };
}

function partOf(first: number, last: number, sticky: number, scrollTop: number): Part {
  const lanes: PlacedLane[] = [];
  const bands: PlacedBand[] = [];
  const counters: PlacedCounter[] = [];
  rows.peek().slice(first, last).forEach((row, offset) => {
    const top = topOf(first + offset, sticky, scrollTop);
    if (row.type === "group") bands.push({ top, height: rowHeight() });
    if (row.type === "group" || !row.lane) return;
    const place = placed(row.lane.id, top);
    const counter = counterOfPart(row.lane);
    lanes.push(place);
    if (counter) counters.push(placedCounter(wholeCounter(counter), place.top, place.height));
  });
  return { lanes, bands, counters };
}

export function layoutOf({ scrollTop, clientHeight }: HTMLElement): Layout {
  const sticky = stickyCount.peek();
  const first = Math.max(sticky, Math.floor(scrollTop / rowHeight()));
  const last = Math.ceil((scrollTop + clientHeight) / rowHeight());
  return {
    rest: partOf(first, last, sticky, scrollTop),
    pinned: { ...partOf(0, sticky, sticky, scrollTop), height: sticky * rowHeight() },
  };
}

/** Where lanes are, on the screen or not. */
export function placesOf(
  ids: Iterable<number>,
  { scrollTop }: HTMLElement,
): Map<number, PlacedLane> {
  const sticky = stickyCount.peek();
  const places = new Map<number, PlacedLane>();
  for (const id of ids) {
    const index = rowOfLane.peek().get(id);
    if (index === undefined || rows.peek()[index]?.type !== "lane") continue;
    const place = placed(id, topOf(index, sticky, scrollTop));
    // Not on top of what is pinned.
    if (index < sticky || place.top >= sticky * rowHeight() - BAR_HEIGHT / 2) places.set(id, place);
  }
  return places;
}

/** The row at `y` with its fraction; `y` counts from the top of the whole list, scrolled or not. */
export function rowUnder(y: number, { scrollTop }: HTMLElement): number {
  const onScreen = y - scrollTop;
  return (onScreen < stickyCount.peek() * rowHeight() ? onScreen : y) / rowHeight();
}

function laneUnder(y: number, list: HTMLElement): Lane | null {
  const row = rows.peek()[Math.floor(rowUnder(y, list))];
  return row?.type === "lane" ? row.lane : null;
}

function nsPerPixel(): number {
  const { from, to } = viewport.peek();
  return (to - from) / Math.max(1, width.peek());
}

/** The range between two places. */
export function dragRange(x0: number, x1: number): void {
  chooseRange({ from: timeAt(x0), to: timeAt(x1) });
}

export function spanUnder(x: number, y: number, list: HTMLElement): Span | null {
  const lane = laneUnder(y, list);
  return lane && findSpan(lane.id, timeAt(x), HIT_PIXELS * nsPerPixel());
}

/** The counter that is drawn on the lane there. */
export function counterUnder(x: number, y: number, list: HTMLElement): CounterPlace | null {
  const lane = laneUnder(y, list);
  const counter = lane && counterOfPart(lane);
  return counter && { ...counter, at: Math.floor(timeAt(x)) };
}

/** The part of a loop on which one of its spans is drawn once more; null for all others. */
export function againOn(span: Span): number | null {
  return stateName(span.state) === "poll" ? partId(span.lane, "poll") : null;
}

/** The row of a counter that is a lane; -1 for those below the lanes. */
export function rowOfCounter(counter: CounterRow | null): number {
  return rowOfLane.peek().get((counter && partOfCounter(counter)) ?? -1) ?? -1;
}

export function instantUnder(x: number, y: number, list: HTMLElement): HoverInstant | null {
  const lane = laneUnder(y, list)?.id;
  const instants = data.peek()?.instants;
  if (lane === undefined || !instants) return null;
  const time = timeAt(x);
  let nearest: HoverInstant | null = null;
  let reach = TICK_PIXELS * nsPerPixel();
  for (let i = 0; i < instants.length; i++) {
    const at = instants.at[i] as number;
    if (instants.lane[i] !== lane || Math.abs(at - time) > reach) continue;
    reach = Math.abs(at - time);
    nearest = {
      lane,
      at,
      kind: instants.kind[i] as number,
      by: instants.by[i] as number,
      count: instants.count[i] as number,
    };
  }
  return nearest;
}

/* Who goes further than to the next rows wants to see what is around. */
const NEXT_ROWS = 2;

/**
 * Scrolls a list so that one of its rows, all `height` high, is in it below the first `sticky`:
 * by a row or two where that is enough, else so that it comes to the middle.
 */
export function revealRow(scroll: HTMLElement, row: number, height: number, sticky = 0): void {
  if (row < sticky) return;
  const top = (row - sticky) * height;
  const bottom = (row + 1) * height - scroll.clientHeight;
  const by = top < scroll.scrollTop ? top - scroll.scrollTop : Math.max(0, bottom - scroll.scrollTop);
  if (by === 0) return;
  const isNext = Math.abs(by) <= NEXT_ROWS * height;
  scroll.scrollTop = isNext ? scroll.scrollTop + by : (top + bottom) / 2;
}
