// SPDX-License-Identifier: MIT
// The answer of GET /runs/{id}/timeline as typed columns, one set per lane, sorted by time.
// count 1 is one span as it happened; count > 1 is several spans shorter than a pixel, and then
// only the dominant state is known.

import { type CounterColumns, counterKey, decodeCounter, type WireCounter } from "./counters";

export interface WireLane {
  id: number;
  start: number[];
  end: number[];
  state: number[];
  resource: number[];
  by: number[];
  site: number[];
  count: number[];
  /** Of a run that is being recorded: nothing is known of what comes later. */
  known_until?: number;
}

/** The same, in which times are differences, and a column of equal numbers is that number. */
export interface CompactLane {
  id: number;
  length: number;
  gap: number[];
  duration: number[];
  state: CompactColumn;
  resource: CompactColumn;
  by: CompactColumn;
  site: CompactColumn;
  count: CompactColumn;
  known_until?: number;
}
type CompactColumn = number | number[];

export interface WireTimeline {
  from: number;
  to: number;
  pixels: number;
  lanes: (WireLane | CompactLane)[];
  instants: { lane: number[]; at: number[]; kind: number[]; by: number[]; count: number[] };
  counters: WireCounter[];
  /** What of the store cannot be read, and is missing here. */
  damages?: readonly { what: string }[];
}

export interface LaneColumns {
  id: number;
  length: number;
  start: Float64Array;
  end: Float64Array;
  state: Uint8Array;
  resource: Int32Array;
  by: Int32Array;
  site: Int32Array;
  count: Float64Array;
  /** Infinity when everything is known. */
  knownUntil: number;
}

export interface InstantColumns {
  length: number;
  lane: Int32Array;
  at: Float64Array;
  kind: Uint8Array;
  by: Int32Array;
  count: Float64Array;
}

export interface TimelineData {
  from: number;
  to: number;
  pixels: number;
  lanes: Map<number, LaneColumns>;
  instants: InstantColumns;
  /** By counterKey(); one that is not here is 0 throughout, if its lane was asked for. */
  counters: Map<string, CounterColumns>;
  /** How many pieces of it are damaged in the store and missing. */
  damaged: number;
}

function laneColumns(wire: WireLane): LaneColumns {
  const length = wire.start.length;
  const all = [wire.end, wire.state, wire.resource, wire.by, wire.site, wire.count];
  if (all.some((column) => column.length !== length)) {
    throw new Error(`timeline: columns of lane ${wire.id} differ in length`);
  }
  return {
    id: wire.id,
    length,
    start: Float64Array.from(wire.start),
    end: Float64Array.from(wire.end),
    state: Uint8Array.from(wire.state),
    resource: Int32Array.from(wire.resource),
    by: Int32Array.from(wire.by),
    site: Int32Array.from(wire.site),
    count: Float64Array.from(wire.count),
    knownUntil: wire.known_until ?? Infinity,
  };
}

/** Both ends of each entry, out of the gap before it and its duration. */
function timesOf({ id, length, gap, duration }: CompactLane): Pick<LaneColumns, "start" | "end"> {
  if (gap.length !== length || duration.length !== length) {
    throw new Error(`timeline: columns of lane ${id} differ in length`);
  }
  const start = new Float64Array(length);
  const end = new Float64Array(length);
  let at = 0;
  for (let i = 0; i < length; i++) {
    at += gap[i] as number;
    start[i] = at;
    at += duration[i] as number;
    end[i] = at;
  }
  return { start, end };
}

function fill<Column extends Uint8Array | Int32Array | Float64Array>(
  to: Column,
  from: CompactColumn,
): Column {
  if (typeof from === "number") return to.fill(from) as Column;
  if (from.length !== to.length) throw new Error("timeline: columns of a lane differ in length");
  to.set(from);
  return to;
}

function compactColumns(wire: CompactLane): LaneColumns {
  const { id, length } = wire;
  return {
    id,
    length,
    ...timesOf(wire),
    state: fill(new Uint8Array(length), wire.state),
    resource: fill(new Int32Array(length), wire.resource),
    by: fill(new Int32Array(length), wire.by),
    site: fill(new Int32Array(length), wire.site),
    count: fill(new Float64Array(length), wire.count),
    knownUntil: wire.known_until ?? Infinity,
  };
}

export function decodeTimeline(wire: WireTimeline): TimelineData {
  const { lane, at, kind, by, count } = wire.instants;
  const counters = wire.counters.map(decodeCounter);
  return {
    from: wire.from,
    to: wire.to,
    pixels: wire.pixels,
    lanes: new Map(
      wire.lanes.map((lane) => [lane.id, "gap" in lane ? compactColumns(lane) : laneColumns(lane)]),
    ),
    instants: {
      length: at.length,
      lane: Int32Array.from(lane),
      at: Float64Array.from(at),
      kind: Uint8Array.from(kind),
      by: Int32Array.from(by),
      count: Float64Array.from(count),
    },
    counters: new Map(counters.map((entry) => [counterKey(entry.lane, entry.kind), entry])),
    damaged: wire.damages?.length ?? 0,
  };
}

/** Codes of all states that occur. */
export function statesIn(data: TimelineData): Set<number> {
  return new Set([...data.lanes.values()].flatMap((columns) => [...new Set(columns.state)]));
}

/** First index whose end lies after `time`; `length` when there is none. */
export function firstEndingAfter(columns: LaneColumns, time: number): number {
  let low = 0;
  let high = columns.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((columns.end[middle] as number) > time) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Index of the span under `time`, or closer to it than `slack`; -1 when nothing is there. */
export function spanAt(columns: LaneColumns, time: number, slack = 0): number {
  const index = firstEndingAfter(columns, time);
  if (index < columns.length && (columns.start[index] as number) <= time) return index;
  const after = index < columns.length ? (columns.start[index] as number) - time : Infinity;
  const before = index > 0 ? time - (columns.end[index - 1] as number) : Infinity;
  if (!(Math.min(after, before) < slack)) return -1;
  return after <= before ? index : index - 1;
}

export interface Span {
  lane: number;
  start: number;
  end: number;
  state: number;
  resource: number;
  by: number;
  site: number;
  count: number;
}

export function readSpan(columns: LaneColumns, index: number): Span | null {
  if (index < 0 || index >= columns.length) return null;
  return {
    lane: columns.id,
    start: columns.start[index] as number,
    end: columns.end[index] as number,
    state: columns.state[index] as number,
    resource: columns.resource[index] as number,
    by: columns.by[index] as number,
    site: columns.site[index] as number,
    count: columns.count[index] as number,
  };
}

/** The first `most` spans that lie in a window, and how many there are. */
export function spansIn(
  columns: LaneColumns,
  from: number,
  to: number,
  most: number,
): { items: Span[]; count: number } {
  const first = firstEndingAfter(columns, from);
  let after = first;
  while (after < columns.length && (columns.start[after] as number) < to) after++;
  const items: Span[] = [];
  for (let i = first; i < Math.min(after, first + most); i++) items.push(readSpan(columns, i) as Span);
  return { items, count: after - first };
}

/** Time per state code inside [from, to). `exact` is false when a merged span took part. */
export function stateTotals(
  columns: LaneColumns,
  from: number,
  to: number,
): { totals: Map<number, number>; exact: boolean } {
  const totals = new Map<number, number>();
  let exact = true;
  for (let i = firstEndingAfter(columns, from); i < columns.length; i++) {
    const start = columns.start[i] as number;
    if (start >= to) break;
    const time = Math.min(columns.end[i] as number, to) - Math.max(start, from);
    const state = columns.state[i] as number;
    totals.set(state, (totals.get(state) ?? 0) + time);
    if ((columns.count[i] as number) > 1) exact = false;
  }
  return { totals, exact };
}
