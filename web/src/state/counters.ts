// SPDX-License-Identifier: MIT
// The counters of the open run: what one of them was at a time, and the one that is looked at.

import { computed, effect, signal } from "@preact/signals";
import {
  changeAt,
  type CounterColumns,
  counterKey,
  readChange,
  type Reading,
  zeroCounter,
} from "../lib/counters";
import type { TimelineData } from "../lib/columns";
import type { Lane } from "../lib/lanes";
import { COUNTER_OF, type PartKind, partId, PARTS, recordedId } from "../lib/loop-parts";
import type { TimelineRoute } from "../lib/route";
import { current, lanesById, opened } from "./opened";
import { counters, data, overview, select, selection, unknownFrom } from "./timeline";
import { show, viewport } from "./viewport";

export interface CounterRow {
  lane: number;
  kind: number;
}

/** A counter at a moment: what is looked at instead of a span. */
export interface CounterPlace extends CounterRow {
  at: number;
}

export const chosenCounter = signal<CounterPlace | null>(null);

effect(() => {
  if (selection.value) chosenCounter.value = null;
});

export function chooseCounter(place: CounterPlace | null): void {
  if (place) select(null);
  chosenCounter.value = place;
}

export function counterName(kind: number): string {
  const open = opened.value;
  return open.status === "ready" ? (open.value.lanes.counters[kind] ?? "") : "";
}

/** The counter that is drawn on a lane; null for lanes of spans and what the server does not count. */
export function counterOfPart({ id, kind }: Lane): CounterRow | null {
  const name = COUNTER_OF[kind as PartKind];
  const code = name === undefined ? -1 : (current.value?.lanes.counters.indexOf(name) ?? -1);
  return code < 0 ? null : { lane: recordedId(id), kind: code };
}

/** The lane on which a counter is drawn; null for those below the lanes. */
export function partOfCounter({ lane, kind }: CounterRow): number | null {
  const part = PARTS.find((each) => COUNTER_OF[each] === counterName(kind));
  const id = part === undefined ? -1 : partId(lane, part);
  return lanesById.value.has(id) ? id : null;
}

/** The counters below the lanes. */
export const paneCounters = computed(() =>
  counters.value.filter((counter) => partOfCounter(counter) === null),
);

/** The counter over the whole run, so far as it can be seen in the overview. */
export function wholeCounter({ lane, kind }: CounterRow): CounterColumns {
  const known = counters.value.find((each) => each.lane === lane && each.kind === kind);
  return known ?? zeroCounter(lane, kind);
}

/** Looks at the counter that `route` names, at none when it names none. */
export function followCounter({ counter, at }: TimelineRoute): void {
  const open = opened.peek();
  if (open.status !== "ready") return;
  const kind = open.value.lanes.counters.indexOf(counter?.name ?? "");
  if (counter && at !== null && kind >= 0) chooseCounter({ lane: counter.lane, kind, at });
  else chooseCounter(null);
}

/** The least and the greatest value over the whole run, 0 included: the ends of the axis. */
export function axisOf(columns: CounterColumns): { low: number; high: number } {
  let low = Math.min(0, columns.before);
  let high = Math.max(0, columns.before);
  for (let i = 0; i < columns.length; i++) {
    low = Math.min(low, columns.min[i] as number);
    high = Math.max(high, columns.max[i] as number);
  }
  return { low, high };
}

/** The counter as `source` has it; null where its lane was not asked for. */
export function columnsIn(
  source: TimelineData | null,
  { lane, kind }: CounterRow,
): CounterColumns | null {
  if (!source) return null;
  const columns = source.counters.get(counterKey(lane, kind));
  return columns ?? (source.lanes.has(lane) ? zeroCounter(lane, kind) : null);
}

/** The sharpest that is loaded of a counter around a time. */
function loadedAround(place: CounterPlace): CounterColumns | null {
  for (const source of [data.value, overview.value]) {
    if (!source || place.at < source.from || place.at > source.to) continue;
    const columns = columnsIn(source, place);
    if (columns) return columns;
  }
  return null;
}

/** What a counter is at a time; null where nothing is known. */
export function readingAt(place: CounterPlace): Reading | null {
  if (place.at >= unknownFrom(place.lane)) return null;
  const columns = loadedAround(place);
  return columns && readChange(columns, changeAt(columns, place.at));
}

export const chosenReading = computed(() => {
  const place = chosenCounter.value;
  return place && readingAt(place);
});

/** Goes to the change before or after the one that is looked at; the window follows. */
export function stepCounter(direction: 1 | -1): void {
  const place = chosenCounter.peek();
  const columns = place && loadedAround(place);
  if (!place || !columns) return;
  const index = changeAt(columns, place.at) + direction;
  const at = index < 0 ? 0 : columns.at[index];
  if (at === undefined || at === place.at) return;
  chosenCounter.value = { ...place, at };
  const { from, to } = viewport.peek();
  if (at >= from && at <= to) return;
  const half = (to - from) / 2;
  show({ from: at - half, to: at + half });
}
