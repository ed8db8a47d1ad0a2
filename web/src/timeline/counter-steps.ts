// SPDX-License-Identifier: MIT
// One counter on Canvas 2D: a step area, filled up to the value; where several changes are one
// pixel, filled up to the least and lighter up to the greatest value there.

import { changeAt, type CounterColumns } from "../lib/counters";
import type { Viewport } from "../lib/viewport";
import type { Palette } from "./palette";
import { patternFill } from "./patterns";
import { scaleOf, xOf } from "./scale";
import { MANY, plainInk, type Strips } from "./strips";
import type { TextWidths } from "./text-widths";

const BAND = 0.45;
const UNKNOWN = 0.35;
/* Shorter steps have no line along their top: a wall of lines hides the areas. */
const LINE_FROM = 3;
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
  /** Of the same width. */
  strips: Strips;
  textWidths: TextWidths;
}

interface Step {
  x0: number;
  x1: number;
  value: number;
}

export function xOnSheet({ view, width }: Sheet, time: number): number {
  return xOf(scaleOf(view, width), time);
}

function drawLabels(sheet: Sheet, counter: PlacedCounter, steps: readonly Step[]): void {
  const { context, palette, textWidths } = sheet;
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
    if (textWidths.of(context, text) + 2 * LABEL_PADDING > x1 - left) continue;
    context.strokeText(text, left + LABEL_PADDING, top + height / 2 + 0.5);
    context.fillText(text, left + LABEL_PADDING, top + height / 2 + 0.5);
  }
}

/** What is drawn of a part: rectangles are x, y, width, height by turns. */
interface Shape {
  area: number[];
  band: number[];
  line: Path2D;
  labelled: Step[];
}

/** One step at a time: its area, the band above it, and the line along its top. */
function shapeOf(
  sheet: Sheet,
  counter: PlacedCounter,
  { from: start, to, columns }: PlacedCounter["parts"][number],
): Shape {
  const { view, width } = sheet;
  const { top, height, low, high } = counter;
  const yOf = (value: number): number => top + height * (1 - (value - low) / (high - low || 1));
  const zero = yOf(Math.max(low, 0));
  const shape: Shape = { area: [], band: [], line: new Path2D(), labelled: [] };
  const { area, band, line, labelled } = shape;
  let drawn = -1;
  const step = (from: number, until: number, value: number, isExact: boolean): void => {
    const [x0, x1, y] = [xOnSheet(sheet, from), xOnSheet(sheet, until), yOf(value)];
    area.push(x0, Math.min(y, zero), x1 - x0, Math.abs(zero - y));
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
    band.push(x0, ends[0], Math.max(1, x1 - x0), Math.max(1, ends[1] - ends[0]));
    step(at, until, min, false);
    from = until;
  }
  return shape;
}

/** Few rectangles as a path at once, many with the strips. */
function fillAreas(sheet: Sheet, counter: PlacedCounter, areas: readonly number[], alpha: number): void {
  const { context, palette, ratio, strips } = sheet;
  const colour = palette.fill(counter.token);
  if (areas.length >= 4 * MANY) {
    const { top, height } = counter;
    /* In pixels of the device, from the top of the counter. */
    const own = areas.map((place, i) => (i % 4 === 1 ? place - top : place) * ratio);
    const place = { top: Math.round(top * ratio), height: Math.round(height * ratio), alpha, phase: 0 };
    strips.addAreas(own, plainInk(colour), place);
    return;
  }
  context.beginPath();
  for (let i = 0; i < areas.length; i += 4) {
    context.rect(areas[i] as number, areas[i + 1] as number, areas[i + 2] as number, areas[i + 3] as number);
  }
  context.globalAlpha = alpha;
  context.fillStyle = colour;
  context.fill();
  context.globalAlpha = 1;
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

/** Counters, none of which lies on another. */
export function drawCounters(sheet: Sheet, counters: readonly PlacedCounter[]): void {
  const { context, width, palette, strips } = sheet;
  const drawn = counters.map((counter) => ({
    counter,
    shapes: counter.parts.map((part) => shapeOf(sheet, counter, part)),
  }));
  for (const { counter, shapes } of drawn) {
    for (const { area, band } of shapes) {
      fillAreas(sheet, counter, area, 1);
      fillAreas(sheet, counter, band, BAND);
    }
  }
  strips.flush(context);
  for (const { counter, shapes } of drawn) {
    context.strokeStyle = palette.muted;
    context.lineWidth = 1;
    for (const { line } of shapes) context.stroke(line);
    for (const { labelled } of shapes) drawLabels(sheet, counter, labelled);
    context.fillStyle = palette.muted;
    context.fillRect(0, Math.round(counter.top + counter.height), width, 1);
    drawUnknown(sheet, counter);
  }
}
