// SPDX-License-Identifier: MIT
// Where notes are: their order, the one before and after a time, and flags that do not overlap.

import type { Viewport } from "./viewport";

export interface Placed {
  from: number;
  to: number;
}

export function inOrder<T extends Placed & { id: string }>(notes: readonly T[]): T[] {
  return [...notes].sort((a, b) => a.from - b.from || a.to - b.to || a.id.localeCompare(b.id));
}

/** The next one after `index`, or before it, round and round; -1 without any. */
export function nextIndex(count: number, index: number, direction: 1 | -1): number {
  if (count === 0) return -1;
  if (index < 0) return direction > 0 ? 0 : count - 1;
  return (index + direction + count) % count;
}

/** Notes that begin so close together that they have one flag. */
export interface Flag<T> {
  /** In pixels from the left. */
  x: number;
  notes: T[];
}

/** Flags of the notes that begin in the window, at least `apart` pixels from each other. */
export function flagsIn<T extends Placed>(
  notes: readonly T[],
  view: Viewport,
  width: number,
  apart: number,
): Flag<T>[] {
  const flags: Flag<T>[] = [];
  for (const note of notes) {
    if (note.from < view.from || note.from > view.to) continue;
    const x = ((note.from - view.from) / (view.to - view.from)) * width;
    const last = flags[flags.length - 1];
    if (last && x - last.x < apart) last.notes.push(note);
    else flags.push({ x, notes: [note] });
  }
  return flags;
}
