// SPDX-License-Identifier: MIT
// The order of rows: the cores first, then each process with its GIL, locks, threads and under
// their thread the event loops with their parts (loop-parts.ts) and tasks; the GIL of an
// interpreter that has one of its own stands over its thread. A group can be folded; its head
// stays. Whoever looks may pin, move and hide lanes (arrangement.ts).

import { type Arrangement, moved } from "./arrangement";
import type { PartKind } from "./loop-parts";
import { isQuiet } from "./states";

export type RecordedKind = "core" | "process" | "gil" | "thread" | "loop" | "task" | "lock";
export type LaneKind = RecordedKind | PartKind;

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
  /** Key of the row that it may be moved about in; PINNED for a lane on top. */
  within: string;
  isPinned: boolean;
  children: number;
  folded: boolean;
}

/** What pinned lanes are in instead of their group. */
export const PINNED = "pinned";

const KIND_ORDER: Record<LaneKind, number> = {
  core: 0,
  process: 1,
  gil: 2,
  lock: 3,
  thread: 4,
  loop: 5,
  poll: 6,
  ready: 7,
  timers: 8,
  task: 9,
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

/** What decides about the rows. */
export interface RowPlan {
  folded: ReadonlySet<string>;
  arrangement: Arrangement;
  /** What a lane is called on the screen, where the arrangement's text is looked for. */
  titleOf(lane: Lane): string;
}

/** Lanes with the text in their title, with what is around and below them; null for all. */
function lanesWith(lanes: readonly Lane[], plan: RowPlan): ReadonlySet<number> | null {
  const text = plan.arrangement.lanes.trim().toLowerCase();
  if (text === "") return null;
  const byId = new Map(lanes.map((lane) => [lane.id, lane]));
  const matches = new Map<number, boolean>();
  /* Whether it or one around it has the text. */
  const isWithin = (lane: Lane): boolean => {
    let known = matches.get(lane.id);
    if (known === undefined) {
      const parent = byId.get(lane.parent);
      known = plan.titleOf(lane).toLowerCase().includes(text) || (!!parent && isWithin(parent));
      matches.set(lane.id, known);
    }
    return known;
  };
  const shown = new Set<number>();
  for (const lane of lanes) {
    if (!isWithin(lane)) continue;
    for (let at: Lane | undefined = lane; at && !shown.has(at.id); at = byId.get(at.parent)) {
      shown.add(at.id);
    }
  }
  return shown;
}

/** Rows from top to bottom; the pinned lanes with what is below them come first. */
export function arrangeRows(lanes: readonly Lane[], plan: RowPlan): Row[] {
  const { arrangement } = plan;
  const shown = lanesWith(lanes, plan);
  const byId = new Map(lanes.map((lane) => [lane.id, lane]));
  const hidden = new Set(arrangement.hide);
  const pinned = new Set(arrangement.pin);
  const isHidden = (lane: Lane): boolean => {
    for (let at: Lane | undefined = lane; at; at = byId.get(at.parent)) {
      if (hidden.has(at.id)) return true;
    }
    return false;
  };
  const isShown = (lane: Lane): boolean =>
    (shown?.has(lane.id) ?? true) && (hidden.size === 0 || !isHidden(lane));
  const folded = shown ? new Set<string>() : plan.folded;
  const children = childrenOf(lanes.filter(isShown));
  const rows: Row[] = [];

  const ordered = (list: readonly Lane[]): Lane[] => moved([...list], arrangement.move);
  const addLane = (lane: Lane, depth: number, within: string): void => {
    const below = (children.get(lane.id) ?? []).filter(({ id }) => !pinned.has(id));
    const key = `lane-${lane.id}`;
    const type = lane.kind === "process" ? "group" : "lane";
    const isFolded = folded.has(key);
    const isPinned = within === PINNED;
    rows.push({ type, key, lane, depth, within, isPinned, children: below.length, folded: isFolded });
    if (!isFolded) for (const child of ordered(below)) addLane(child, depth + 1, key);
  };

  const addGroup = (key: GroupKey, members: readonly Lane[], depth: number): boolean => {
    if (members.length === 0) return false;
    const open = !folded.has(key);
    const shape = { lane: null, depth, within: "", isPinned: false, children: members.length };
    rows.push({ type: "group", key, ...shape, folded: !open });
    return open;
  };

  for (const id of arrangement.pin) {
    const lane = byId.get(id);
    if (lane && !isHidden(lane)) addLane(lane, 0, PINNED);
  }
  const roots = (children.get(-1) ?? []).filter(({ id }) => !pinned.has(id));
  const cores = ordered(roots.filter((lane) => lane.kind === "core"));
  const unused = cores.filter((lane) => !isUsed(lane));
  if (addGroup("cores", cores, 0)) {
    for (const core of cores) if (isUsed(core)) addLane(core, 1, "cores");
    if (addGroup("unused-cores", unused, 1)) {
      for (const core of unused) addLane(core, 2, "unused-cores");
    }
  }
  for (const lane of ordered(roots.filter(({ kind }) => kind !== "core"))) addLane(lane, 0, "");
  return rows;
}

/** How many rows at the top belong to what is pinned. */
export function pinnedRows(rows: readonly Row[]): number {
  if (!rows[0]?.isPinned) return 0;
  const next = rows.findIndex(({ depth, isPinned }) => depth === 0 && !isPinned);
  return next < 0 ? rows.length : next;
}

/**
 * Where a lane comes to stand when it goes `by` rows of its own group down, or up: the lane after
 * which it then is, null before all of them, undefined when it can go no further.
 */
export function placeBeside(rows: readonly Row[], id: number, by: number): number | null | undefined {
  const own = rows.find(({ lane }) => lane?.id === id);
  if (!own || by === 0) return undefined;
  const group = rows.flatMap(({ lane, within }) => (lane && within === own.within ? [lane.id] : []));
  const from = group.indexOf(id);
  const to = Math.min(Math.max(0, from + by), group.length - 1);
  if (to === from) return undefined;
  const others = group.filter((other) => other !== id);
  return to === 0 ? null : (others[to - 1] as number);
}

/** Lanes that tell the story in a few pixels: the GILs, loops, threads, cores; at most `limit`. */
export function overviewLanes(lanes: readonly Lane[], limit: number): Lane[] {
  const of = (kind: LaneKind): Lane[] => lanes.filter((lane) => lane.kind === kind && isUsed(lane));
  return [...of("gil"), ...of("loop"), ...of("thread"), ...of("core")].slice(0, limit);
}

/* As in the pictures of previews (db/run_picture.c). */
const TURNS: readonly LaneKind[] = ["gil", "loop", "thread", "task"];

/**
 * A few lanes that show all that takes part: the kinds take turns, a GIL, a loop, a thread, a
 * task, the next GIL. In the order in which they are drawn.
 */
export function tellingLanes(lanes: readonly Lane[], limit: number): Lane[] {
  const queues = TURNS.map((kind) => lanes.filter((lane) => lane.kind === kind && isUsed(lane)));
  const chosen: Lane[] = [];
  while (chosen.length < limit && queues.some((queue) => queue.length > 0)) {
    for (const queue of queues) chosen.push(...queue.splice(0, 1));
  }
  return chosen
    .slice(0, limit)
    .sort((a, b) => TURNS.indexOf(a.kind) - TURNS.indexOf(b.kind) || a.id - b.id);
}

/** What can be counted, as far as it fits: what is shared first, what there are thousands of last. */
export function countedLanes(lanes: readonly Lane[], limit: number): Lane[] {
  const of = (kind: LaneKind): Lane[] => lanes.filter((lane) => lane.kind === kind);
  const order: LaneKind[] = ["process", "gil", "loop", "lock", "thread", "core", "task"];
  return order.flatMap(of).slice(0, limit);
}
