// SPDX-License-Identifier: MIT
// Why a cell is as good as it is, from the results alone: how much Python there is, how many GILs
// it may run under, how many jobs wait meanwhile, and what that takes. Nothing is estimated: each
// figure is a metric of a cell, or what two metrics differ by, or one of them divided by another.

import { isRecord, type Point } from "./grid";
import { resolvePointer } from "./json-scan";
import { parseLabel } from "./label";

interface Measured {
  id: string;
  runtime: string;
  strategy: string;
  point: Point;
  metrics?: Readonly<Record<string, { median: number } | null>>;
}

/** The best cell whose threads all share one GIL, or that has one thread. */
export interface OneGil<Cell> {
  cell: Cell;
  python_us: number;
  /** Share of its life in which the GIL is held. */
  held: number;
  /** Python under one GIL is what it is limited by. */
  isFull: boolean;
}

export interface Why<Cell> {
  /** Under which GILs the chosen cell runs Python. */
  gils: { kind: "none" } | { kind: "one"; held: number } | { kind: "each"; of: "processes" | "interpreters"; count: number };
  /** Threads that run Python at a time, mean. */
  parallel: number;
  cores: number | null;
  /** Null where it is the chosen one, is no worse, or was not tried. */
  oneGil: OneGil<Cell> | null;
  /** Jobs that have begun and not ended, mean (Little's law); null where none wait. */
  underWay: number | null;
  /** The same jobs one after another, where that was tried. */
  oneByOne: Cell | null;
  overhead: Overhead<Cell> | null;
}

/** Core time beyond that of the same jobs one after another under the same runtime: no metric tells
 * starting from handing over, switching and sharing, but there nothing of it is done. */
export interface Overhead<Cell> {
  us: number;
  /** Of all its core time. */
  share: number;
  bare: Cell;
}

/* As the server has it: nine tenths busy leaves at most a factor of 1.11 to gain elsewhere. */
const FULL = 0.9;
/* Less overhead is not worth a sentence. */
const TOLD = 0.01;
/* Steps in which a job waits for the outside world. */
const OUTSIDE = /"(?:io|sleep)_us"/;
/* With fewer jobs that wait for it on the mean, nothing to speak of overlaps. */
const WAITING = 0.5;

export function median({ metrics }: Pick<Measured, "metrics">, name: string): number | null {
  return metrics?.[name]?.median ?? null;
}

/** Threads and event loops of the first process and its main interpreter, and no others. */
function areTogether(actors: unknown): boolean {
  const isElsewhere = (actor: unknown): boolean => isRecord(actor) && ("process" in actor || "interpreter" in actor);
  return Array.isArray(actors) && !actors.some(isElsewhere);
}

function isUnderOneGil(cell: Measured, document: unknown): boolean {
  if (median(cell, "gil_held_share") === null) return false;
  const actors = resolvePointer(document, "/workload/actors");
  if (actors !== undefined) return areTogether(actors);
  const { name, options } = parseLabel(cell.strategy);
  const inside = ["sequential", "threads", "asyncio"].includes(name);
  return inside && !options.some(([option]) => option === "to_process");
}

function gilsOf(cell: Measured, document: unknown): Why<Measured>["gils"] | null {
  const held = median(cell, "gil_held_share");
  const { name, count } = parseLabel(cell.strategy);
  if (held === null) return { kind: "none" };
  if (isUnderOneGil(cell, document)) return { kind: "one", held };
  const isPool = name === "processes" || name === "interpreters";
  return isPool && count !== null ? { kind: "each", of: name, count } : null;
}

function parallelOf(cell: Measured): number | null {
  const [python, makespan] = [median(cell, "python_us"), median(cell, "makespan_us")];
  return python === null || !makespan ? null : python / makespan;
}

/** Jobs under way, if some of them wait neither for a core nor for a GIL or a lock. */
function underWayOf(cell: Measured, document: unknown): number | null {
  const [each, rate] = [median(cell, "latency_mean_us"), median(cell, "throughput_per_s")];
  const [cpu, makespan] = [median(cell, "cpu_us"), median(cell, "makespan_us")];
  const steps = JSON.stringify(resolvePointer(document, "/workload/jobs/steps") ?? null);
  if (each === null || rate === null || cpu === null || !makespan || !OUTSIDE.test(steps)) return null;
  const jobs = (rate * each) / 1e6;
  const inside = ["ready_us", "gil_wait_us", "lock_wait_us"].reduce((sum, name) => sum + (median(cell, name) ?? 0), cpu);
  return jobs - inside / makespan >= WAITING ? jobs : null;
}

function coresOf(document: unknown, point: Point): number | null {
  const cores = point["/machine/cores"] ?? resolvePointer(document, "/machine/cores");
  return typeof cores === "number" ? cores : null;
}

function overheadOf<Cell extends Measured>(chosen: Cell, others: readonly Cell[]): Overhead<Cell> | null {
  const isBare = ({ strategy, runtime }: Cell): boolean => strategy === "sequential" && runtime === chosen.runtime;
  const bare = others.find(isBare);
  const [all, work] = [median(chosen, "cpu_us"), bare ? median(bare, "cpu_us") : null];
  if (!bare || !all || work === null) return null;
  const us = all - work;
  return us / all >= TOLD ? { us, share: us / all, bare } : null;
}

/** `rank` is lower for a cell that is better for the goal, NaN where nothing is known of it. Null
 * where the chosen cell has no figures to give, or nobody can tell which GILs they are of. */
export function whyOf<Cell extends Measured>(
  cells: readonly Cell[],
  chosen: Cell,
  document: unknown,
  rank: (cell: Cell) => number,
): Why<Cell> | null {
  const [gils, parallel] = [gilsOf(chosen, document), parallelOf(chosen)];
  if (gils === null || parallel === null) return null;
  const point = JSON.stringify(chosen.point);
  const others = cells.filter((cell) => cell.id !== chosen.id && JSON.stringify(cell.point) === point);
  const worse = others.filter((cell) => rank(cell) > rank(chosen));
  const best = (among: Cell[]): Cell | null =>
    among.reduce<Cell | null>((one, cell) => (one === null || rank(cell) < rank(one) ? cell : one), null);
  return {
    gils,
    parallel,
    cores: coresOf(document, chosen.point),
    oneGil: gils.kind === "one" ? null : oneGilOf(best(worse.filter((cell) => isUnderOneGil(cell, document)))),
    underWay: underWayOf(chosen, document),
    oneByOne: best(worse.filter(({ strategy }) => parseLabel(strategy).name === "sequential")),
    overhead: overheadOf(chosen, others),
  };
}

function oneGilOf<Cell extends Measured>(cell: Cell | null): OneGil<Cell> | null {
  const python_us = cell && median(cell, "python_us");
  const held = cell && median(cell, "gil_held_share");
  return cell === null || python_us === null || held === null ? null : { cell, python_us, held, isFull: held >= FULL };
}
