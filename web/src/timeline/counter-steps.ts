// SPDX-License-Identifier: MIT
// One counter on Canvas 2D: a step area, filled up to the value; where several changes are one
// pixel, filled up to the least and lighter up to the greatest value there.

import { changeAt, type CounterColumns } from "../lib/counters";
import type { Viewport } from "../lib/viewport";
import type { Palette } from "./palette";
import { patternFill } from "./patterns";

const BAND = 0.45;
const UNKNOWN = 0.35;
/* Shorter steps have no line along their top: a wall of lines hides the areas. */
const LINE_FROM = 3;
/* Leave out what lies outside by more than this; far coordinates lose precision. */
const OUTSIDE = 4;
const LABEL_PADDING = 4;
const LABEL_HALO = 3;

export interface PlacedCounter {
  top: number;
  height: number;
  low: number;
  high: number;
  /** Token of the colour. */
  token: string;
  /** Parts of the window with what is known of them, in the order of time. */
  parts: readonly { from: number; to: number; columns: CounterColumns }[];
  /** Infinity when everything is known. */
  unknownFrom: number;
  /** What is written where a value has room. */
  label(value: number): string;
}

/** What a counter is drawn on. */
export interface Sheet {
  context: CanvasRenderingContext2D;
  view: Viewport;
  width: number;
  /** Device pixels in a pixel. */
  ratio: number;
  palette: Palette;
}

interface Step {
  x0: number;
  x1: number;
  value: number;
}

export function xOnSheet({ view, width }: Sheet, time: number): number {
  const x = ((time - view.from) * width) / Math.max(1, view.to - view.from);
  return Math.min(Math.max(x, -OUTSIDE), width + OUTSIDE);
}

function drawLabels(sheet: Sheet, counter: PlacedCounter, steps: readonly Step[]): void {
  const { context, palette } = sheet;
  const { top, height } = counter;
  context.font = `500 11px ${palette.font}`;
  context.textBaseline = "middle";
  context.lineWidth = LABEL_HALO;
  context.lineJoin = "round";
  context.strokeStyle = palette.surface;
  context.fillStyle = palette.ink;
  for (const { x0, x1, value } of steps) {
    const text = counter.label(value);
    const left = Math.max(0, x0);
    if (context.measureText(text).width + 2 * LABEL_PADDING > x1 - left) continue;
    context.strokeText(text, left + LABEL_PADDING, top + height / 2 + 0.5);
    context.fillText(text, left + LABEL_PADDING, top + height / 2 + 0.5);
  }
}

/** One step at a time: its area, the band above it, and the line along its top. */
function drawPart(
  sheet: Sheet,
  counter: PlacedCounter,
  { from: start, to, columns }: PlacedCounter["parts"][number],
): void {
  const { context, view, width, palette } = sheet;
  const { top, height, low, high } = counter;
  const yOf = (value: number): number => top + height * (1 - (value - low) / (high - low || 1));
  const zero = yOf(Math.max(low, 0));
  const area = new Path2D();
  const band = new Path2D();
  const line = new Path2D();
  const labelled: Step[] = [];
  let drawn = -1;
  const step = (from: number, until: number, value: number, isExact: boolean): void => {
    const [x0, x1, y] = [xOnSheet(sheet, from), xOnSheet(sheet, until), yOf(value)];
    area.rect(x0, Math.min(y, zero), x1 - x0, Math.abs(zero - y));
    if (x1 - x0 < LINE_FROM) return;
    if (isExact) labelled.push({ x0, x1, value });
    if (drawn === x0) line.lineTo(x0, y);
    else line.moveTo(x0, y);
    line.lineTo(x1, y);
    drawn = x1;
  };
  const pixel = (view.to - view.from) / width;
  let index = changeAt(columns, start);
  let from = start;
  let value = index < 0 ? columns.before : (columns.last[index] as number);
  for (index += 1; index <= columns.length; index++) {
    const at = index < columns.length ? (columns.at[index] as number) : Infinity;
    step(from, Math.min(at, to), value, true);
    if (at >= to) break;
    from = at;
    value = columns.last[index] as number;
    if ((columns.count[index] as number) === 1) continue;
    const until = Math.min(at + pixel, columns.at[index + 1] ?? Infinity, to);
    const min = columns.min[index] as number;
    const [x0, x1] = [xOnSheet(sheet, at), xOnSheet(sheet, until)];
    const ends = [yOf(columns.max[index] as number), yOf(min)] as const;
    band.rect(x0, ends[0], Math.max(1, x1 - x0), Math.max(1, ends[1] - ends[0]));
    step(at, until, min, false);
    from = until;
  }
  context.fillStyle = palette.fill(counter.token);
  context.fill(area);
  context.globalAlpha = BAND;
  context.fill(band);
  context.globalAlpha = 1;
  context.strokeStyle = palette.muted;
  context.lineWidth = 1;
  context.stroke(line);
  drawLabels(sheet, counter, labelled);
}

function drawUnknown(sheet: Sheet, counter: PlacedCounter): void {
  const { context, width, palette, ratio } = sheet;
  const x = xOnSheet(sheet, counter.unknownFrom);
  if (x >= width) return;
  context.clearRect(x, counter.top, width - x, counter.height);
  context.globalAlpha = UNKNOWN;
  context.fillStyle = patternFill(context, "hatch", palette.surface, palette.muted, ratio);
  context.fillRect(x, counter.top, width - x, counter.height);
  context.globalAlpha = 1;
}

export function drawCounter(sheet: Sheet, counter: PlacedCounter): void {
  const { context, width, palette } = sheet;
  for (const part of counter.parts) drawPart(sheet, counter, part);
  context.fillStyle = palette.muted;
  context.fillRect(0, Math.round(counter.top + counter.height), width, 1);
  drawUnknown(sheet, counter);
}
