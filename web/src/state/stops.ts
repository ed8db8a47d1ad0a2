// SPDX-License-Identifier: MIT
// The way down the timeline by key: lane by lane, with the counters that are lanes of a loop at
// their place, then the counters below.

import { computed } from "@preact/signals";
import { isPart } from "../lib/loop-parts";
import { chooseCounter, chosenCounter, counterOfPart, type CounterRow, paneCounters } from "./counters";
import { rows } from "./lane-rows";
import { duration } from "./opened";
import { findSpan, select, selection } from "./timeline";
import { viewport } from "./viewport";

type Stop = { lane: number; counter: null } | { lane: null; counter: CounterRow };

/* The spans of a part are those of its loop, so that they are no stop of their own. */
const rowStops = computed<Stop[]>(() =>
  rows.value.flatMap(({ type, lane }): Stop[] => {
    if (type !== "lane" || !lane) return [];
    if (!isPart(lane.id)) return [{ lane: lane.id, counter: null }];
    const counter = counterOfPart(lane);
    return counter ? [{ lane: null, counter }] : [];
  }),
);

function isHere(stop: Stop): boolean {
  const place = chosenCounter.peek();
  if (stop.counter === null) return !place && selection.peek()?.lane === stop.lane;
  return place?.lane === stop.counter.lane && place.kind === stop.counter.kind;
}

/** The time that is looked at: that of what is selected if it can be seen, else mid-window. */
function timeLookedAt(): number {
  const { from, to } = viewport.peek();
  const span = selection.peek();
  const place = chosenCounter.peek();
  if (place && place.at >= from && place.at < to) return place.at;
  if (!span || span.end < from || span.start > to) return (from + to) / 2;
  return (Math.max(span.start, from) + Math.min(span.end, to)) / 2;
}

/** False where nothing is at that time. */
function reach(stop: Stop, time: number): boolean {
  if (stop.counter) {
    chooseCounter({ ...stop.counter, at: Math.min(time, duration.peek()) });
    return true;
  }
  const { from, to } = viewport.peek();
  const span = findSpan(stop.lane, time, (to - from) / 4);
  if (span) select(span);
  return span !== null;
}

/**
 * Goes to the next stop `by` further down at the same time. Where nothing is selected, to the
 * first lane, or from below to the last one.
 */
export function stepRow(by: 1 | -1): void {
  const below = paneCounters.peek().map(({ lane, kind }): Stop => ({ lane: null, counter: { lane, kind } }));
  const lanes = rowStops.peek();
  const stops = [...lanes, ...below];
  const here = stops.findIndex(isHere);
  const time = timeLookedAt();
  let index = here >= 0 ? here + by : by > 0 ? 0 : lanes.length - 1;
  for (let stop = stops[index]; stop; stop = stops[(index += by)]) if (reach(stop, time)) return;
}
