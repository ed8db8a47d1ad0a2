// SPDX-License-Identifier: MIT
// The order of rows: the cores first, then each process with its GIL, locks, threads and under
// their thread the event loops with their tasks; the GIL of an interpreter that has one of its
// own stands over its thread. A group can be folded; its head stays.

import { isQuiet } from "./states";

export type LaneKind = "core" | "process" | "gil" | "thread" | "loop" | "task" | "lock";

export interface Lane {
  id: number;
  kind: LaneKind;
  name: string;
  parent: number;
  born_ns: number;
  /** Null while it lives in a run that is being recorded; it has no totals then. */
  died_ns: number | null;
  totals: Record<string, number>;
}

export interface Row {
  /** "group" rows carry a title and no spans. */
  type: "group" | "lane";
  key: string;
  lane: Lane | null;
  depth: number;
  children: number;
  folded: boolean;
}

const KIND_ORDER: Record<LaneKind, number> = {
  core: 0,
  process: 1,
  gil: 2,
  lock: 3,
  thread: 4,
  loop: 5,
  task: 6,
};

/** Groups that are no lane themselves; cores on which nothing ever ran are one of them. */
export type GroupKey = "cores" | "unused-cores";
export const FOLDED_AT_FIRST: readonly string[] = ["unused-cores"];

export function isUsed(lane: Lane): boolean {
  if (lane.died_ns === null) return true;
  return Object.entries(lane.totals).some(([state, ns]) => ns > 0 && !isQuiet(state));
}

function byKindThenId(a: Lane, b: Lane): number {
  return KIND_ORDER[a.kind] - KIND_ORDER[b.kind] || a.id - b.id;
}

/** The thread whose interpreter's GIL this is; null for the GIL of a whole process. */
export function gilOwner(lane: Lane): string | null {
  return lane.kind === "gil" ? (/^GIL of (.+)$/.exec(lane.name)?.[1] ?? null) : null;
}

/** Siblings in order, each GIL that belongs to one of the threads just before it. */
function inOrder(list: readonly Lane[]): Lane[] {
  const sorted = [...list].sort(byKindThenId);
  const threads = new Set(sorted.filter(({ kind }) => kind === "thread").map(({ name }) => name));
  const own = new Map<string, Lane[]>();
  const others: Lane[] = [];
  for (const lane of sorted) {
    const owner = gilOwner(lane);
    if (owner !== null && threads.has(owner)) own.set(owner, [...(own.get(owner) ?? []), lane]);
    else others.push(lane);
  }
  return others.flatMap((lane) => {
    const gil = lane.kind === "thread" ? own.get(lane.name)?.shift() : undefined;
    return gil ? [gil, lane] : [lane];
  });
}

/**
 * Where a lane is at home, for names that occur more than once: the nearest lane around it
 * whose own name does not. Null when the lane's name is enough, or nothing is around it.
 */
export function homeOf(
  lane: Lane,
  lanes: ReadonlyMap<number, Lane>,
  occursOnce: (lane: Lane) => boolean,
): Lane | null {
  if (occursOnce(lane)) return null;
  let home = lanes.get(lane.parent) ?? null;
  while (home && !occursOnce(home) && lanes.has(home.parent)) {
    home = lanes.get(home.parent) ?? null;
  }
  return home;
}

function childrenOf(lanes: readonly Lane[]): Map<number, Lane[]> {
  const known = new Set(lanes.map((lane) => lane.id));
  const children = new Map<number, Lane[]>();
  for (const lane of lanes) {
    const parent = known.has(lane.parent) ? lane.parent : -1;
    const list = children.get(parent);
    if (list) list.push(lane);
    else children.set(parent, [lane]);
  }
  for (const [parent, list] of children) children.set(parent, inOrder(list));
  return children;
}

export function arrangeRows(lanes: readonly Lane[], folded: ReadonlySet<string>): Row[] {
  const children = childrenOf(lanes);
  const rows: Row[] = [];

  const addLane = (lane: Lane, depth: number): void => {
    const below = children.get(lane.id) ?? [];
    const key = `lane-${lane.id}`;
    const type = lane.kind === "process" ? "group" : "lane";
    rows.push({ type, key, lane, depth, children: below.length, folded: folded.has(key) });
    if (!folded.has(key)) for (const child of below) addLane(child, depth + 1);
  };

  const addGroup = (key: GroupKey, members: readonly Lane[], depth: number): boolean => {
    if (members.length === 0) return false;
    const open = !folded.has(key);
    rows.push({ type: "group", key, lane: null, depth, children: members.length, folded: !open });
    return open;
  };

  const roots = children.get(-1) ?? [];
  const cores = roots.filter((lane) => lane.kind === "core");
  const unused = cores.filter((lane) => !isUsed(lane));
  if (addGroup("cores", cores, 0)) {
    for (const core of cores) if (isUsed(core)) addLane(core, 1);
    if (addGroup("unused-cores", unused, 1)) for (const core of unused) addLane(core, 2);
  }
  for (const lane of roots) if (lane.kind !== "core") addLane(lane, 0);
  return rows;
}

/** Lanes that tell the story in a few pixels: the GILs, loops, threads, cores; at most `limit`. */
export function overviewLanes(lanes: readonly Lane[], limit: number): Lane[] {
  const of = (kind: LaneKind): Lane[] => lanes.filter((lane) => lane.kind === kind && isUsed(lane));
  return [...of("gil"), ...of("loop"), ...of("thread"), ...of("core")].slice(0, limit);
}

/** What can be counted, as far as it fits: what is shared first, what there are thousands of last. */
export function countedLanes(lanes: readonly Lane[], limit: number): Lane[] {
  const of = (kind: LaneKind): Lane[] => lanes.filter((lane) => lane.kind === kind);
  const order: LaneKind[] = ["process", "gil", "loop", "lock", "thread", "core", "task"];
  return order.flatMap(of).slice(0, limit);
}
