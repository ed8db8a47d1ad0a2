// SPDX-License-Identifier: MIT
// How somebody arranged the lanes of a timeline, as short as an address should be. What was not
// touched is not in it, so a run of thousands of lanes costs no more than one of ten.
//
//   fold=cores,12    groups that are not as they are at first: folded, or opened
//   fold=all,12      all groups are folded, but for these
//   pin=7,9          lanes that stay on top, in this order
//   hide=4           lanes that are left out, with what is below them
//   move=9.5,7       lanes put after another one of their group, or before all of it
//                    (in these three 12-poll is a part of loop 12: loop-parts.ts)
//   lanes=TEXT       only lanes with this in their name
//   only=WORDS       states that are not faded

import { LANE_ADDRESS, laneAddress, laneOfAddress } from "./loop-parts";

export interface Move {
  lane: number;
  /** The lane of the same group after which it stands; null before all of them. */
  after: number | null;
}

export interface Arrangement {
  fold: readonly string[];
  pin: readonly number[];
  hide: readonly number[];
  move: readonly Move[];
  lanes: string;
  only: readonly string[];
}

export const PLAIN: Arrangement = { fold: [], pin: [], hide: [], move: [], lanes: "", only: [] };

/** In `fold`: all groups are folded. What else is there is not as that says. */
export const ALL = "all";

/** Which of the groups are folded, where some are at first. */
export function foldedKeys(
  fold: readonly string[],
  groups: Iterable<string>,
  atFirst: readonly string[],
): Set<string> {
  const keys = new Set(fold.includes(ALL) ? [...groups, ...atFirst] : atFirst);
  for (const key of fold) if (key !== ALL && !keys.delete(key)) keys.add(key);
  return keys;
}

/** `items` without `item`, or with it at its end. */
export function toggled<T>(items: readonly T[], item: T): T[] {
  return items.includes(item) ? items.filter((other) => other !== item) : [...items, item];
}

/** The last word about a lane counts, so that there is one for each. */
export function withMove(moves: readonly Move[], move: Move): Move[] {
  return [...moves.filter(({ lane }) => lane !== move.lane), move];
}

/** `items` in the order that they were moved into, one move after the other. */
export function moved<T extends { id: number }>(items: T[], moves: readonly Move[]): T[] {
  for (const { lane, after } of moves) {
    const from = items.findIndex(({ id }) => id === lane);
    const anchor = after === null ? -1 : items.findIndex(({ id }) => id === after);
    if (from < 0 || (after !== null && anchor < 0) || lane === after) continue;
    const item = items[from] as T;
    const rest = items.filter((_, index) => index !== from);
    const place = after === null ? 0 : rest.findIndex(({ id }) => id === after) + 1;
    items = [...rest.slice(0, place), item, ...rest.slice(place)];
  }
  return items;
}

/* --- the address --- */

/** Keys of lanes are their numbers here: lane-12 is 12. */
function shortKey(key: string): string {
  return key.replace(/^lane-(?=\d+$)/, "");
}

const ONE_LANE = new RegExp(`^${LANE_ADDRESS}$`);
const ONE_MOVE = new RegExp(`^(${LANE_ADDRESS})(?:\\.(${LANE_ADDRESS}))?$`);

function lanesOf(text: string | null): number[] {
  return (text ?? "").split(",").filter((part) => ONE_LANE.test(part)).map(laneOfAddress);
}

function words(text: string | null): string[] {
  return (text ?? "").split(",").filter((part) => /^[a-z_-]+$/.test(part));
}

export function readArrangement(params: URLSearchParams): Arrangement {
  const folds = (params.get("fold") ?? "").split(",");
  const moves = (params.get("move") ?? "").split(",").flatMap((part) => {
    const [, lane, after] = ONE_MOVE.exec(part) ?? [];
    if (lane === undefined) return [];
    return [{ lane: laneOfAddress(lane), after: after === undefined ? null : laneOfAddress(after) }];
  });
  return {
    fold: folds
      .filter((part) => /^(\d{1,9}|[a-z-]+)$/.test(part))
      .map((part) => (/^\d/.test(part) ? `lane-${part}` : part)),
    pin: lanesOf(params.get("pin")),
    hide: lanesOf(params.get("hide")),
    move: moves,
    lanes: params.get("lanes") ?? "",
    only: words(params.get("only")),
  };
}

/** Null for what is as it is at first. */
export function writeArrangement(of: Arrangement): Record<keyof Arrangement, string | null> {
  const moves = of.move.map(({ lane, after }) =>
    [lane, ...(after === null ? [] : [after])].map(laneAddress).join("."),
  );
  return {
    fold: of.fold.map(shortKey).join(",") || null,
    pin: of.pin.map(laneAddress).join(",") || null,
    hide: of.hide.map(laneAddress).join(",") || null,
    move: moves.join(",") || null,
    lanes: of.lanes || null,
    only: of.only.join(",") || null,
  };
}

export function sameArrangement(a: Arrangement, b: Arrangement): boolean {
  return a === b || JSON.stringify(writeArrangement(a)) === JSON.stringify(writeArrangement(b));
}
