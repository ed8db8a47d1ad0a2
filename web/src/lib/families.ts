// SPDX-License-Identifier: MIT
// Cells of one runtime, strategy and point of the sweep that differ in the size of their pool
// only: of these one mostly wants to see the best.

import type { Point } from "./grid";

interface Sized {
  runtime: string;
  strategy: string;
  point: Point;
}

export interface Family<Cell> {
  best: Cell;
  /** How many sizes there are. */
  sizes: number;
}

/** The same for all sizes of a pool: "threads(N, chunk=2)". */
function keyOf({ runtime, strategy, point }: Sized): string {
  return JSON.stringify([runtime, strategy.replace(/\(\d+/, "(N"), point]);
}

/** In the order of their first cells. `rank` is lower for a better cell, NaN where nothing is known
 * of it; of equals, and of those without a rank, the first is taken. */
export function familiesOf<Cell extends Sized>(cells: readonly Cell[], rank: (cell: Cell) => number): Family<Cell>[] {
  const families = new Map<string, Family<Cell>>();
  for (const cell of cells) {
    const key = keyOf(cell);
    const family = families.get(key);
    const isBetter = family !== undefined && (Number.isNaN(rank(family.best)) || rank(cell) < rank(family.best));
    if (!family) families.set(key, { best: cell, sizes: 1 });
    else families.set(key, { best: isBetter && !Number.isNaN(rank(cell)) ? cell : family.best, sizes: family.sizes + 1 });
  }
  return [...families.values()];
}
