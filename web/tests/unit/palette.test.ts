// SPDX-License-Identifier: MIT
// The colours of states as people with deuteranopia and protanopia see them, who are most of those
// that see colours differently. Two states may look alike in colour; then their pattern or height
// tells them apart.
//
// The simulation: Machado, Oliveira, Fernandes, "A Physiologically-based Model for Simulation of
// Color Vision Deficiency", 2009, matrices of severity 1.0, on linear RGB. What can be told apart:
// Stone, Szafir, Setlur, "An Engineering Model for Color Difference as a Function of Size", 2014:
// in one of L*, a*, b* two colours differ by more than what half of all people notice on marks of
// that size.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isQuiet, KNOWN_STATES, lookOf } from "../../src/lib/states";

type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

const SIGHT: Record<string, Matrix> = {
  everybody: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
};

/* A mark of 8 CSS pixels, at 96 to the inch and from 60 cm: a span of which one sees a little. */
const DEGREES = (Math.atan(((8 / 96) * 25.4) / 600) * 180) / Math.PI;
const NOTICED: Triple = [5.079 + 0.751 / DEGREES, 5.339 + 1.541 / DEGREES, 5.349 + 2.871 / DEGREES];
/* Of a lane of 22 pixels: 3 pixels, which are seen at the edge of a bar. */
const HEIGHT_TOLD = 0.14;

const styles = readFileSync(join(process.env.GILSCOPE_WEB ?? ".", "src/styles/tokens.css"), "utf8");
const [light = "", dark = ""] = styles.split(':root[data-theme="dark"]');
const THEMES = { light, dark };

function colourOf(theme: string, token: string): string {
  const found = new RegExp(`--state-${token}: (#[0-9a-f]{6});`).exec(theme)?.[1];
  assert.ok(found, token);
  return found;
}

const apply = (matrix: Matrix, [x, y, z]: Triple): Triple =>
  matrix.map(([a, b, c]) => a * x + b * y + c * z) as unknown as Triple;

/** Of sRGB, linear, 0..1. */
function linear(hex: string): Triple {
  const channels = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
  return channels.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)) as unknown as Triple;
}

const XYZ: Matrix = [
  [0.4124564, 0.3575761, 0.1804375],
  [0.2126729, 0.7151522, 0.072175],
  [0.0193339, 0.119192, 0.9503041],
];
const WHITE: Triple = [0.95047, 1, 1.08883];

/** L*, a*, b* of D65. */
function lab(rgb: Triple): Triple {
  const clipped = rgb.map((c) => Math.min(1, Math.max(0, c))) as unknown as Triple;
  const [x, y, z] = apply(XYZ, clipped).map((value, i) => {
    const t = value / (WHITE[i] ?? 1);
    return t > 216 / 24389 ? Math.cbrt(t) : (841 / 108) * t + 4 / 29;
  }) as unknown as Triple;
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** How many times what is noticed; 1 and more: they are told apart. */
function difference(a: string, b: string, sight: Matrix): number {
  const [p, q] = [lab(apply(sight, linear(a))), lab(apply(sight, linear(b)))];
  return Math.max(...p.map((value, i) => Math.abs(value - (q[i] ?? 0)) / (NOTICED[i] ?? 1)));
}

test("the measure itself: black and white, red and green, and how they are confused", () => {
  const { everybody, deuteranopia, protanopia } = SIGHT;
  assert.ok(everybody && deuteranopia && protanopia);
  assert.ok(difference("#000000", "#ffffff", everybody) > 5);
  assert.equal(difference("#66bf90", "#66bf90", protanopia), 0);
  assert.ok(difference("#c84b31", "#6f7d1f", everybody) > 2);
  assert.ok(difference("#c84b31", "#6f7d1f", deuteranopia) < difference("#c84b31", "#6f7d1f", everybody) / 2);
  const [L, a, b] = lab(linear("#ff0000"));
  assert.ok(Math.abs(L - 53.24) < 0.1 && Math.abs(a - 80.09) < 0.1 && Math.abs(b - 67.2) < 0.1);
});

function looksApart(a: string, b: string): boolean {
  const [p, q] = [lookOf(a), lookOf(b)];
  return p.pattern !== q.pattern || Math.abs(p.height - q.height) >= HEIGHT_TOLD;
}

/* States of one token are one thing on lanes of different kinds, or have a pattern each; that
   nothing happens is drawn as one thing everywhere. */
const pairs = KNOWN_STATES.flatMap((a, i) => KNOWN_STATES.slice(i + 1).map((b) => [a, b] as const)).filter(
  ([a, b]) => lookOf(a).token !== lookOf(b).token && !(isQuiet(a) && isQuiet(b)),
);

for (const [name, theme] of Object.entries(THEMES)) {
  for (const [who, sight] of Object.entries(SIGHT)) {
    test(`states are told apart by colour, pattern or height: ${name}, ${who}`, () => {
      assert.ok(pairs.length > 150);
      const alike = pairs.flatMap(([a, b]) => {
        const apart = difference(colourOf(theme, lookOf(a).token), colourOf(theme, lookOf(b).token), sight);
        return apart < 1 && !looksApart(a, b) ? [`${a} and ${b}: ${apart.toFixed(2)}`] : [];
      });
      assert.deepEqual(alike, []);
    });

    /* Far out, where spans are narrower than a pattern, this is what one looks for. */
    test(`who works and who waits for a lock are told apart by colour alone: ${name}, ${who}`, () => {
      for (const work of ["running", "running_c", "detached"]) {
        for (const wait of ["wait_gil", "forced_wait", "wait_lock"]) {
          const apart = difference(colourOf(theme, lookOf(work).token), colourOf(theme, lookOf(wait).token), sight);
          assert.ok(apart >= 1, `${work} and ${wait}: ${apart.toFixed(2)}`);
        }
      }
    });
  }
}
