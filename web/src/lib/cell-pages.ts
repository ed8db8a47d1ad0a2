// SPDX-License-Identifier: MIT
// Which pages of a list of cells hold those that changed.

export interface CellPage {
  /** The first index, and how many from there on. */
  first: number;
  count: number;
}

/** As few pages of at most `most` cells as hold all indexes, each from one of them to another. */
export function pagesOf(indexes: Iterable<number>, most: number): CellPage[] {
  const pages: CellPage[] = [];
  for (const index of [...new Set(indexes)].sort((a, b) => a - b)) {
    const last = pages[pages.length - 1];
    if (last && index < last.first + most) last.count = index - last.first + 1;
    else pages.push({ first: index, count: 1 });
  }
  return pages;
}
