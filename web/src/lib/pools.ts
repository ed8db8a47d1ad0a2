// SPDX-License-Identifier: MIT
// The strategies of a document, those that differ in their size only as one pool of several
// sizes; and which sizes to try, since how many workers are best is what one wants to know.

import { isRecord } from "./grid";
import { removeValue, setValue } from "./json-edit";
import { labelOf, STRATEGY_KINDS, type StrategyKind } from "./label";
import { isSwept, sweptPointers } from "./sweep";

export interface Pool {
  /** Where its strategies are in the list. */
  places: readonly number[];
  /** "" for what the form has no word for. */
  kind: StrategyKind | "";
  /** Of the strategies in their order; empty for those without a size. */
  sizes: readonly number[];
  /** Of its first strategy. */
  label: string;
}

/** What decides about the sizes that are worth trying. */
export interface Work {
  cores: number;
  /** Null where jobs arrive. */
  jobs: number | null;
  /** Whether they wait for something: then there may be more workers than cores. */
  waits: boolean;
}

/* A curve takes four points, and a grid of two runtimes with seven sizes of each kind is still
 * recorded whole. */
const SIZES_MIN = 4;
const SIZES_MAX = 7;
const SIZE_MAX = 512;
/* Every kind may have as many. */
const SIZE_SURE = 1024;
/* A size so near to the next one says nothing of its own. */
const NEAR = 0.75;
/* Those of which one for each core is what one has. */
const PER_CORE: readonly string[] = ["processes", "interpreters"];

/** So many of them, the first and the last among them, and the others spread evenly. */
function thinned(sizes: readonly number[], count: number): number[] {
  const at = (step: number): number => Math.round((step * (sizes.length - 1)) / (count - 1));
  return Array.from({ length: count }, (_, step) => sizes[at(step)] ?? 1);
}

/** From one worker for each core to one for each job, each twice the one before, without some of
 * them where that would be too many; without waiting from a few workers to two for each core. */
export function sizesFor({ cores, jobs, waits }: Work): number[] {
  const last = Math.min(jobs ?? SIZE_MAX, waits ? SIZE_MAX : 2 * cores, SIZE_MAX);
  const sizes: number[] = [];
  for (let size = Math.min(cores, last); size < NEAR * last; size *= 2) sizes.push(size);
  sizes.push(last);
  while (sizes.length < SIZES_MIN && (sizes[0] ?? 1) > 1) sizes.unshift(Math.floor((sizes[0] ?? 1) / 2));
  return sizes.length <= SIZES_MAX ? sizes : thinned(sizes, SIZES_MAX);
}

/* --- reading ---------------------------------------------------------------------------- */

function kindOf(strategy: unknown): StrategyKind | "" {
  if (strategy === "sequential") return strategy;
  if (!isRecord(strategy)) return "";
  return STRATEGY_KINDS.find((name) => typeof strategy[name] === "number") ?? "";
}

function sizeOf(strategy: unknown, kind: StrategyKind | ""): number | null {
  const size = isRecord(strategy) ? strategy[kind] : null;
  return typeof size === "number" ? size : null;
}

function strategiesOf(document: unknown): readonly unknown[] {
  return isRecord(document) && Array.isArray(document.strategies) ? document.strategies : [];
}

/** In the order in which they come first. */
export function poolsOf(document: unknown): Pool[] {
  const pools = new Map<string, Pool>();
  strategiesOf(document).forEach((strategy, place) => {
    const kind = kindOf(strategy);
    const size = sizeOf(strategy, kind);
    const label = labelOf(strategy);
    const family = size === null ? label : labelOf({ ...(strategy as object), [kind]: 0 });
    const pool = pools.get(family) ?? { places: [], kind, sizes: [], label };
    const sizes = size === null ? pool.sizes : [...pool.sizes, size];
    pools.set(family, { ...pool, places: [...pool.places, place], sizes });
  });
  return [...pools.values()];
}

/* --- changing --------------------------------------------------------------------------- */

function pointerOf(place: number): string {
  return `/strategies/${place}`;
}

/** The text with other sizes of the pool, where it was first. */
export function setSizes(text: string, { places, kind }: Pool, sizes: readonly number[]): string {
  const strategies = strategiesOf(JSON.parse(text) as unknown);
  const [first = 0] = places;
  const one = strategies[first];
  if (!isRecord(one)) return text;
  if (places.length === 1 && sizes.length === 1) return setValue(text, `${pointerOf(first)}/${kind}`, sizes[0]);
  const resized = sizes.map((size) => ({ ...one, [kind]: size }));
  const list = strategies.flatMap((each, place) =>
    place === first ? resized : places.includes(place) ? [] : [each],
  );
  return setValue(text, "/strategies", list);
}

/** The text without the pool; from the last to the first, since what goes moves what follows. */
export function removePool(text: string, { places }: Pool): string {
  return places.reduceRight((now, place) => removeValue(now, pointerOf(place)), text);
}

export function addPool(text: string, kind: StrategyKind, sizes: readonly number[]): string {
  const strategies = strategiesOf(JSON.parse(text) as unknown);
  const added = kind === "sequential" ? [kind] : sizes.map((size) => ({ [kind]: size }));
  return setValue(text, "/strategies", [...strategies, ...added]);
}

function isSame(some: readonly number[], others: readonly number[]): boolean {
  return some.join() === others.join();
}

/** What a pool's sizes become with other work; null: it has sizes of its own, and keeps them. */
function followed(pool: Pool, before: Work, after: Work): readonly number[] | null {
  if (isSame(pool.sizes, sizesFor(before))) return sizesFor(after);
  return PER_CORE.includes(pool.kind) && isSame(pool.sizes, [before.cores]) ? [after.cores] : null;
}

/** Pools that had the sizes to be tried for one work get those for another. */
export function followWork(text: string, before: Work, after: Work): string {
  const read = (now: string): Pool[] => poolsOf(JSON.parse(now) as unknown);
  return read(text).reduce((now, _, index) => {
    // A change moves strategies, but no pool before another.
    const pool = read(now)[index];
    const sizes = pool ? followed(pool, before, after) : null;
    return !pool || sizes === null || isSame(sizes, pool.sizes) ? now : setSizes(now, pool, sizes);
  }, text);
}

/* --- one size of each ------------------------------------------------------------------- */

/** All sizes of pools that have several; none where no pool has. */
export function severalSizes(pools: readonly Pool[]): number[] {
  const several = pools.filter(({ sizes }) => sizes.length > 1);
  return [...new Set(several.flatMap(({ sizes }) => sizes))].sort((a, b) => a - b);
}

/** Which of the sizes is shown when `wanted` is; the middle one when nobody chose. */
export function sizeShown(sizes: readonly number[], wanted: number | null): number {
  const middle = sizes[Math.floor(sizes.length / 2)] ?? 1;
  const far = (size: number): number => Math.abs(Math.log(size / (wanted ?? middle)));
  return sizes.reduce((best, size) => (far(size) < far(best) ? size : best), middle);
}

/** Places of the strategies that a preview shows: one size of each pool; null: all of them, also
 * where a sweep names them by their places. */
export function placesShown(document: unknown, size: number | null): number[] | null {
  return isSwept(sweptPointers(document), "/strategies") ? null : placesAt(poolsOf(document), size);
}

/** Places of the strategies of which one of each pool is left, that nearest to `size`; null where
 * there are no others, or what is left out might be wrong. */
export function placesAt(pools: readonly Pool[], size: number | null): number[] | null {
  const several = severalSizes(pools);
  const isSound = several.every((each) => Number.isInteger(each) && each >= 1 && each <= SIZE_SURE);
  if (several.length === 0 || !isSound) return null;
  const wanted = sizeShown(several, size);
  return pools
    .map(({ places, sizes }) => places[sizes.indexOf(sizeShown(sizes, wanted))] ?? places[0] ?? 0)
    .sort((a, b) => a - b);
}
