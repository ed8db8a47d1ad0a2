// SPDX-License-Identifier: MIT
// Numbers over time. A counter is `before` where its window begins and from each time on what
// `last` says there. count 1 is one change as it happened; count > 1 is several changes within a
// pixel, which led to values from `min` to `max`.

export interface WireCounter {
  lane: number;
  kind: number;
  before: number;
  at: number[];
  min: number[];
  max: number[];
  last: number[];
  count: number[];
}

export interface CounterColumns {
  lane: number;
  kind: number;
  before: number;
  length: number;
  at: Float64Array;
  min: Float64Array;
  max: Float64Array;
  last: Float64Array;
  count: Float64Array;
}

export function counterKey(lane: number, kind: number): string {
  return `${lane}.${kind}`;
}

export function decodeCounter(wire: WireCounter): CounterColumns {
  const { length } = wire.at;
  const all = [wire.min, wire.max, wire.last, wire.count];
  if (all.some((column) => column.length !== length)) {
    throw new Error(`timeline: columns of a counter of lane ${wire.lane} differ in length`);
  }
  return {
    lane: wire.lane,
    kind: wire.kind,
    before: wire.before,
    length,
    at: Float64Array.from(wire.at),
    min: Float64Array.from(wire.min),
    max: Float64Array.from(wire.max),
    last: Float64Array.from(wire.last),
    count: Float64Array.from(wire.count),
  };
}

/** A counter of which a window says nothing. */
export function zeroCounter(lane: number, kind: number): CounterColumns {
  return decodeCounter({ lane, kind, before: 0, at: [], min: [], max: [], last: [], count: [] });
}

/** Index of the last change at or before `time`; -1 when there is none. */
export function changeAt(columns: CounterColumns, time: number): number {
  let low = 0;
  let high = columns.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((columns.at[middle] as number) <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

export interface Reading {
  /** Since when it is so; null when that was before the window. */
  since: number | null;
  /** Of the next change; null when there is none in the window. */
  until: number | null;
  value: number;
  min: number;
  max: number;
  /** Changes that are one here; 0 when nothing has changed yet. */
  count: number;
}

/** What the counter is from change `index` on, -1 for before the first. */
export function readChange(columns: CounterColumns, index: number): Reading {
  const until = columns.at[index + 1] ?? null;
  if (index < 0) {
    const { before } = columns;
    return { since: null, until, value: before, min: before, max: before, count: 0 };
  }
  return {
    since: columns.at[index] as number,
    until,
    value: columns.last[index] as number,
    min: columns.min[index] as number,
    max: columns.max[index] as number,
    count: columns.count[index] as number,
  };
}

export interface Extent {
  first: number;
  min: number;
  max: number;
  last: number;
  /** No end of the window can lie within changes that are one here. */
  exact: boolean;
}

/** Values in [from, to): at its beginning, least, greatest, at its end. */
export function extentOf(columns: CounterColumns, from: number, to: number): Extent {
  const before = changeAt(columns, from);
  const { value: first, count } = readChange(columns, before);
  const extent = { first, min: first, max: first, last: first, exact: count <= 1 };
  let end = before + 1;
  while (end < columns.length && (columns.at[end] as number) < to) {
    extent.min = Math.min(extent.min, columns.min[end] as number);
    extent.max = Math.max(extent.max, columns.max[end] as number);
    extent.last = columns.last[end] as number;
    end++;
  }
  if (readChange(columns, end - 1).count > 1) extent.exact = false;
  return extent;
}

/** Kinds that count spans of one state are drawn in its colour. */
const STATE_OF: Record<string, string> = {
  ready_threads: "ready",
  gil_waiters: "wait_gil",
  lock_waiters: "wait_lock",
  ready_handles: "callback",
  scheduled_timers: "await_timer",
};

/** Name of the state in whose colour a counter is drawn; one that waits in a queue by default. */
export function counterState(kind: string): string {
  return STATE_OF[kind] ?? "await_future";
}
