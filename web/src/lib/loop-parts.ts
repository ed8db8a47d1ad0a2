// SPDX-License-Identifier: MIT
// What BaseEventLoop._run_once() works with, as lanes below the lane of the loop. None of them is
// recorded: they are views of the loop's spans, of its counters and of its instants.
//
//   poll     selector.select(): the spans in which the loop polls
//   ready    loop._ready: how many handles are in it
//   timers   loop._scheduled: how many timers are in it, and those that ran late

import type { InstantColumns, LaneColumns, TimelineData } from "./columns";
import type { Lane } from "./lanes";

export const PARTS = ["poll", "ready", "timers"] as const;
export type PartKind = (typeof PARTS)[number];

/** The counter of the loop that a part draws. */
export const COUNTER_OF: Readonly<Partial<Record<PartKind, string>>> = {
  ready: "ready_handles",
  timers: "scheduled_timers",
};

/* No run has as many lanes of its own. */
const FIRST = 2 ** 30;

export function isPart(id: number): boolean {
  return id >= FIRST;
}

export function partId(loop: number, kind: PartKind): number {
  return FIRST + loop * PARTS.length + PARTS.indexOf(kind);
}

/** The lane that has what is drawn on a lane: that of the loop for its parts. */
export function recordedId(id: number): number {
  return isPart(id) ? Math.floor((id - FIRST) / PARTS.length) : id;
}

function partKind(id: number): PartKind {
  return PARTS[(id - FIRST) % PARTS.length] as PartKind;
}

/* --- in an address: 12, or 12-poll for a part of it --- */

export const LANE_ADDRESS = String.raw`\d{1,9}(?:-(?:${PARTS.join("|")}))?`;

export function laneAddress(id: number): string {
  return isPart(id) ? `${recordedId(id)}-${partKind(id)}` : String(id);
}

/** The lane of what LANE_ADDRESS matches. */
export function laneOfAddress(text: string): number {
  const [id, kind] = text.split("-") as [string, PartKind?];
  return kind === undefined ? Number(id) : partId(Number(id), kind);
}

/* --- lanes and what is on them --- */

export function loopParts(lanes: readonly Lane[]): Lane[] {
  const loops = lanes.filter(({ kind }) => kind === "loop");
  return loops.flatMap((loop) =>
    PARTS.map((kind) => ({ ...loop, id: partId(loop.id, kind), kind, parent: loop.id, totals: {} })),
  );
}

/** The spans in one state. They say which lane they were recorded on. */
function spansInState(columns: LaneColumns, state: number): LaneColumns {
  const isWanted = (_: number, index: number): boolean => columns.state[index] === state;
  const start = columns.start.filter(isWanted);
  return {
    ...columns,
    length: start.length,
    start,
    end: columns.end.filter(isWanted),
    state: columns.state.filter(isWanted),
    resource: columns.resource.filter(isWanted),
    by: columns.by.filter(isWanted),
    site: columns.site.filter(isWanted),
    count: columns.count.filter(isWanted),
  };
}

/** All of them, and those of one kind once more where the timers of their loop are. */
function withLateTimers(of: InstantColumns, kind: number, loops: ReadonlySet<number>): InstantColumns {
  const indices = Array.from(of.kind.keys());
  const late = indices.filter((i) => of.kind[i] === kind && loops.has(of.lane[i] as number));
  const all = [...indices, ...late];
  const laneAt = (i: number, place: number): number =>
    place < of.length ? (of.lane[i] as number) : partId(of.lane[i] as number, "timers");
  return {
    length: all.length,
    lane: Int32Array.from(all, laneAt),
    at: Float64Array.from(all, (i) => of.at[i] as number),
    kind: Uint8Array.from(all, (i) => of.kind[i] as number),
    by: Int32Array.from(all, (i) => of.by[i] as number),
    count: Float64Array.from(all, (i) => of.count[i] as number),
  };
}

/** The data with what is on the parts of the loops; `poll` and `late` are the server's codes. */
export function withLoopParts(
  data: TimelineData,
  loops: ReadonlySet<number>,
  { poll, late }: { poll: number; late: number },
): TimelineData {
  if (loops.size === 0) return data;
  const lanes = new Map(data.lanes);
  for (const loop of loops) {
    const columns = data.lanes.get(loop);
    if (columns) lanes.set(partId(loop, "poll"), spansInState(columns, poll));
  }
  return { ...data, lanes, instants: withLateTimers(data.instants, late, loops) };
}
