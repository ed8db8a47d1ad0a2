// SPDX-License-Identifier: MIT
// How the lanes of the open run are arranged: folded, pinned, hidden, moved, filtered, and which
// states are singled out. One value, so that the address and undoing have all of it.

import { computed, signal } from "@preact/signals";
import {
  ALL,
  type Arrangement,
  foldedKeys,
  PLAIN,
  sameArrangement,
  toggled,
  withMove,
} from "../lib/arrangement";
import { FOLDED_AT_FIRST, isUsed, type Lane } from "../lib/lanes";
import { current, lanes, lanesById } from "./opened";

export const arrangement = signal<Arrangement>(PLAIN);

export function arrange(change: Partial<Arrangement>): void {
  const next = { ...arrangement.peek(), ...change };
  if (!sameArrangement(next, arrangement.peek())) arrangement.value = next;
}

/* --- groups --- */

/** Groups of lanes that can be folded, on the screen or not. */
const groups = computed<ReadonlySet<string>>(() => {
  const parents = new Set(lanes.value.map(({ parent }) => parent));
  const heads = lanes.value.filter(({ id }) => parents.has(id));
  return new Set(["cores", ...heads.map(({ id }) => `lane-${id}`)]);
});

export const folded = computed<ReadonlySet<string>>(() =>
  foldedKeys(arrangement.value.fold, groups.value, FOLDED_AT_FIRST),
);

export function toggleFold(key: string): void {
  arrange({ fold: toggled(arrangement.peek().fold, key) });
}

function openGroups(keys: readonly string[]): void {
  const closed = keys.filter((key) => folded.peek().has(key));
  arrange({ fold: closed.reduce(toggled<string>, [...arrangement.peek().fold]) });
}

/** Folds all groups of lanes. */
export function foldAll(): void {
  const known = new Set([ALL, ...groups.peek(), ...FOLDED_AT_FIRST]);
  arrange({ fold: [ALL, ...arrangement.peek().fold.filter((key) => !known.has(key))] });
}

/** Opens all groups of lanes that are not folded at first. */
export function openAll(): void {
  const kept = arrangement.peek().fold.filter((key) => key !== ALL && !groups.peek().has(key));
  arrange({ fold: kept });
}

/* --- lanes --- */

export function togglePin(lane: number): void {
  arrange({ pin: toggled(arrangement.peek().pin, lane) });
}

export function hideLane(lane: number): void {
  const { hide, pin } = arrangement.peek();
  arrange({ hide: [...new Set([...hide, lane])], pin: pin.filter((other) => other !== lane) });
}

export function showHidden(): void {
  arrange({ hide: [] });
}

/** Puts a lane after another one of its group, or before all of them. */
export function moveLane(lane: number, after: number | null): void {
  const { move, pin } = arrangement.peek();
  if (!pin.includes(lane)) return arrange({ move: withMove(move, { lane, after }) });
  const others = pin.filter((other) => other !== lane);
  const place = after === null ? 0 : others.indexOf(after) + 1;
  arrange({ pin: [...others.slice(0, place), lane, ...others.slice(place)] });
}

/** Undoes whatever keeps a lane from having a row: hidden, filtered, or in a folded group. */
export function bringUp(lane: Lane): void {
  const { hide } = arrangement.peek();
  const around = [lane];
  for (let at = lane; ; ) {
    const parent = lanesById.peek().get(at.parent);
    if (!parent) break;
    around.push(parent);
    at = parent;
  }
  const heads = around.slice(1).map(({ id }) => `lane-${id}`);
  if (lane.kind === "core") heads.push("cores", ...(isUsed(lane) ? [] : ["unused-cores"]));
  openGroups(heads);
  const ids = new Set(around.map(({ id }) => id));
  arrange({ hide: hide.filter((id) => !ids.has(id)), lanes: "" });
}

export function filterLanes(text: string): void {
  arrange({ lanes: text });
}

export function asAtFirst(): void {
  arrangement.value = PLAIN;
}

export const isArranged = computed(() => !sameArrangement(arrangement.value, PLAIN));

/* --- states --- */

/** Codes of the states that are singled out; null shows all alike. */
export const singledOut = computed<ReadonlySet<number> | null>(() => {
  const states = current.value?.lanes.states ?? [];
  const codes = arrangement.value.only.map((name) => states.indexOf(name));
  const known = codes.filter((code) => code >= 0);
  return known.length > 0 ? new Set(known) : null;
});

/** Alone, or beside those that are singled out already. */
export function singleOut(state: string, more: boolean): void {
  const { only } = arrangement.peek();
  const isAlone = only.length === 1 && only[0] === state;
  arrange({ only: more ? toggled(only, state) : isAlone ? [] : [state] });
}
