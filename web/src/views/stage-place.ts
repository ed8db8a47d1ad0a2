// SPDX-License-Identifier: MIT
// Where things are on the stage: rows to pixels, pixels back to lanes, times, spans, instants.

import type { Span } from "../lib/columns";
import type { Row } from "../lib/lanes";
import { chooseRange } from "../state/range";
import { data, findSpan, rows, viewport, width } from "../state/timeline";
import type { PlacedBand, PlacedLane } from "../timeline/renderer";

export const ROW_HEIGHT = 28;
const BAR_HEIGHT = 18;
const HIT_PIXELS = 3;
const TICK_PIXELS = 5;

export interface HoverInstant {
  lane: number;
  at: number;
  kind: number;
  by: number;
  count: number;
}

export interface Layout {
  lanes: PlacedLane[];
  bands: PlacedBand[];
}

export function layoutOf(list: readonly Row[], scrollTop: number): Layout {
  const lanes: PlacedLane[] = [];
  const bands: PlacedBand[] = [];
  list.forEach((row, index) => {
    const top = index * ROW_HEIGHT - scrollTop;
    if (row.type === "group") bands.push({ top, height: ROW_HEIGHT });
    else if (row.lane) {
      lanes.push({ id: row.lane.id, top: top + (ROW_HEIGHT - BAR_HEIGHT) / 2, height: BAR_HEIGHT });
    }
  });
  return { lanes, bands };
}

/** `y` counts from the top of the whole list, scrolled or not. */
function laneUnder(y: number): number {
  const row = rows.peek()[Math.floor(y / ROW_HEIGHT)];
  return row?.type === "lane" && row.lane ? row.lane.id : -1;
}

export function timeAt(x: number): number {
  const { from, to } = viewport.peek();
  return from + ((to - from) * x) / Math.max(1, width.peek());
}

function nsPerPixel(): number {
  const { from, to } = viewport.peek();
  return (to - from) / Math.max(1, width.peek());
}

/** The range between two places. */
export function dragRange(x0: number, x1: number): void {
  chooseRange({ from: timeAt(x0), to: timeAt(x1) });
}

export function spanUnder(x: number, y: number): Span | null {
  const lane = laneUnder(y);
  return lane < 0 ? null : findSpan(lane, timeAt(x), HIT_PIXELS * nsPerPixel());
}

export function instantUnder(x: number, y: number): HoverInstant | null {
  const lane = laneUnder(y);
  const instants = data.peek()?.instants;
  if (lane < 0 || !instants) return null;
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

/** Scrolls a list so that one of its rows, all `height` high, is in it. */
export function revealRow(scroll: HTMLElement, row: number, height: number): void {
  if (row < 0) return;
  const top = row * height;
  const bottom = top + height - scroll.clientHeight;
  if (top < scroll.scrollTop) scroll.scrollTop = top;
  else if (bottom > scroll.scrollTop) scroll.scrollTop = bottom;
}
