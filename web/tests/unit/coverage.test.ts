// SPDX-License-Identifier: MIT
// What is covered of pixels, against a look at each bar and each pixel.

import assert from "node:assert/strict";
import { test } from "node:test";
import { coverOf, gainsOf } from "../../src/timeline/coverage";

const WIDTH = 24;
const ROWS = 9;

/** Numbers that are the same in every run, 0..1. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 16807) % 2147483647) / 2147483647;
}

const shared = (a0: number, a1: number, b0: number, b1: number): number => Math.max(0, Math.min(a1, b1) - Math.max(a0, b0));

/** Bars or areas some of which lie outside, in part or as a whole, end at a pixel, or are empty. */
function some(random: () => number, sides: readonly number[]): number[] {
  const count = 1 + Math.floor(random() * 12);
  const place = (side: number): number => {
    const at = random() * (side + 8) - 4;
    return random() < 0.3 ? Math.round(at) : at;
  };
  return Array.from({ length: count }, () => [
    ...sides.map(place),
    ...sides.map((side) => (random() < 0.1 ? 0 : random() * side * random())),
  ]).flat();
}

test("bars cover of each pixel what they share with it", () => {
  const random = numbers(7);
  const cover = new Float32Array(WIDTH);
  for (let round = 0; round < 2000; round++) {
    const bars = some(random, [WIDTH]);
    const { left, right } = coverOf(bars, cover);
    for (let x = 0; x < WIDTH; x++) {
      let wanted = 0;
      for (let i = 0; i < bars.length; i += 2) {
        wanted += shared(bars[i] as number, (bars[i] as number) + (bars[i + 1] as number), x, x + 1);
      }
      const seen = cover[x] as number;
      assert.ok(Math.abs(Math.min(1, seen) - Math.min(1, wanted)) < 1e-4, `${bars.join()} at ${x}: ${seen}, not ${wanted}`);
      if (wanted > 1e-6) assert.ok(left <= x && x < right, `${bars.join()}: ${x} is outside of ${left} to ${right}`);
    }
  }
});

test("areas cover of each pixel what they share with it", () => {
  const random = numbers(11);
  const gains = new Float32Array((ROWS + 2) * WIDTH);
  for (let round = 0; round < 2000; round++) {
    const areas = some(random, [WIDTH, ROWS]);
    gains.fill(0);
    const { left, right } = gainsOf(areas, gains, WIDTH, ROWS);
    for (let x = 0; x < WIDTH; x++) {
      let seen = 0;
      for (let y = 0; y < ROWS; y++) {
        seen += gains[y * WIDTH + x] as number;
        let wanted = 0;
        for (let i = 0; i < areas.length; i += 4) {
          const [x0 = 0, y0 = 0, wide = 0, tall = 0] = areas.slice(i, i + 4);
          wanted += shared(x0, x0 + wide, x, x + 1) * shared(y0, y0 + tall, y, y + 1);
        }
        assert.ok(Math.abs(seen - wanted) < 1e-4, `${areas.join()} at ${x}, ${y}: ${seen}, not ${wanted}`);
        if (wanted > 1e-6) assert.ok(left <= x && x < right, `${areas.join()}: ${x} is outside of ${left} to ${right}`);
      }
    }
  }
});
