// SPDX-License-Identifier: MIT
// Fill patterns: a small tile of the state's colour with marks in a second tone. Tiles are
// anchored in time, not on the screen, so a pattern moves along with its span.

import type { Pattern } from "../lib/states";

export const TILE = 8;

type Marks = (context: CanvasRenderingContext2D) => void;

function strokes(
  lines: readonly (readonly [number, number, number, number])[],
  width: number,
): Marks {
  return (context) => {
    context.lineWidth = width;
    context.beginPath();
    for (const [x0, y0, x1, y1] of lines) {
      context.moveTo(x0, y0);
      context.lineTo(x1, y1);
    }
    context.stroke();
  };
}

const DIAGONALS = [
  [-2, 2, 2, -2],
  [-2, 10, 10, -2],
  [6, 10, 10, 6],
] as const;
const ANTI_DIAGONALS = [
  [-2, 6, 2, 10],
  [-2, -2, 10, 10],
  [6, -2, 10, 2],
] as const;

const MARKS: Partial<Record<Pattern, Marks>> = {
  hatch: strokes(DIAGONALS, 2),
  cross: strokes([...DIAGONALS, ...ANTI_DIAGONALS], 1),
  lines: strokes(
    [
      [0, 2, TILE, 2],
      [0, 6, TILE, 6],
    ],
    1.25,
  ),
  dots: (context) => {
    for (const [x, y] of [
      [2, 2],
      [6, 6],
    ] as const) {
      context.beginPath();
      context.arc(x, y, 1.1, 0, 7);
      context.fill();
    }
  },
};

/** A square of a pattern that can be set beside itself; null for looks that are one colour. */
export function patternTile(
  pattern: Pattern,
  colour: string,
  stripe: string,
  ratio: number,
): HTMLCanvasElement | null {
  const marks = MARKS[pattern];
  if (!marks) return null;
  const tile = document.createElement("canvas");
  tile.width = Math.round(TILE * ratio);
  tile.height = tile.width;
  const context = tile.getContext("2d");
  if (!context) return null;
  const scale = tile.width / TILE;
  context.scale(scale, scale);
  context.fillStyle = colour;
  context.fillRect(0, 0, TILE, TILE);
  context.strokeStyle = stripe;
  context.fillStyle = stripe;
  marks(context);
  return tile;
}

/** A pattern, or the colour itself for looks that are drawn without a tile. */
export function patternFill(
  context: CanvasRenderingContext2D,
  pattern: Pattern,
  colour: string,
  stripe: string,
  ratio: number,
): CanvasPattern | string {
  const tile = patternTile(pattern, colour, stripe, ratio);
  return (tile && context.createPattern(tile, "repeat")) ?? colour;
}

/** Shifts a pattern so that it stays with time `0` of the run, in a context scaled by `ratio`. */
export function anchorPattern(
  fill: CanvasPattern | string,
  offset: number,
  top: number,
  ratio: number,
): void {
  if (typeof fill === "string") return;
  const matrix = new DOMMatrix().translate(offset % TILE, top).scale(1 / ratio);
  fill.setTransform(matrix);
}
