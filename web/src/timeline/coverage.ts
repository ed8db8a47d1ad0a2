// SPDX-License-Identifier: MIT
// How much of each pixel is covered by bars or areas, which may begin and end inside of one.

/** Pixels of a row. */
export interface Range {
  left: number;
  right: number;
}

/** How much more of each pixel is covered by the areas (x, y, width, height by turns) than of the
 * one above it, `rows` of them as wide as `sums` has room for; and which pixels of a row. */
export function gainsOf(areas: readonly number[], gains: Float32Array, width: number, rows: number): Range {
  let left = width;
  let right = 0;
  const edge = (x: number, y: number, part: number): void => {
    const row = Math.floor(y);
    const at = row * width + x;
    gains[at] = (gains[at] as number) + part * (row + 1 - y);
    gains[at + width] = (gains[at + width] as number) + part * (y - row);
  };
  for (let i = 0; i < areas.length; i += 4) {
    const x0 = Math.max(0, areas[i] as number);
    const x1 = Math.min(width, (areas[i] as number) + (areas[i + 2] as number));
    const y0 = Math.max(0, areas[i + 1] as number);
    const y1 = Math.min(rows, (areas[i + 1] as number) + (areas[i + 3] as number));
    if (x1 <= x0 || y1 <= y0) continue;
    const first = Math.floor(x0);
    const after = Math.ceil(x1);
    for (let x = first; x < after; x++) {
      const part = Math.min(x1, x + 1) - Math.max(x0, x);
      edge(x, y0, part);
      edge(x, y1, -part);
    }
    left = Math.min(left, first);
    right = Math.max(right, after);
  }
  return { left, right };
}

/** How much of each pixel the bars (x, width by turns) cover, 0..1, and which pixels. */
export function coverOf(bars: readonly number[], cover: Float32Array): Range {
  cover.fill(0);
  const end = cover.length;
  let left = end;
  let right = 0;
  for (let i = 0; i < bars.length; i += 2) {
    const x0 = Math.max(0, bars[i] as number);
    const x1 = Math.min(end, (bars[i] as number) + (bars[i + 1] as number));
    if (x1 <= x0) continue;
    const first = Math.floor(x0);
    const last = Math.floor(x1);
    if (first === last) cover[first] = (cover[first] as number) + x1 - x0;
    else {
      cover[first] = (cover[first] as number) + first + 1 - x0;
      cover.fill(1, first + 1, last);
      if (last < end) cover[last] = (cover[last] as number) + x1 - last;
    }
    left = Math.min(left, first);
    right = Math.max(right, Math.min(end, last + 1));
  }
  return { left, right };
}
