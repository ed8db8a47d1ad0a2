// SPDX-License-Identifier: MIT
// Counters on Canvas 2D: a step area for each, filled up to the value; where several changes are
// one pixel, filled up to the least and lighter up to the greatest value there.

import { changeAt, type CounterColumns } from "../lib/counters";
import { ticksBetween } from "../lib/ticks";
import type { Viewport } from "../lib/viewport";
import type { Palette } from "./palette";
import { patternFill } from "./patterns";

const TICK_SPACING = 110;
const BAND = 0.45;
const UNKNOWN = 0.35;
const RANGE = 0.12;
/* Shorter steps have no line along their top: a wall of lines hides the areas. */
const LINE_FROM = 3;
/* Leave out what lies outside by more than this; far coordinates lose precision. */
const OUTSIDE = 4;

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
}

export interface CounterScene {
  view: Viewport;
  counters: readonly PlacedCounter[];
}

export interface CounterOverlay {
  view: Viewport;
  pointerX: number | null;
  range: Viewport | null;
  chosen: { top: number; height: number; at: number } | null;
}

export class CounterRenderer {
  private readonly base: CanvasRenderingContext2D;
  private readonly overlay: CanvasRenderingContext2D;
  private width = 0;
  private height = 0;
  private ratio = 1;
  private palette: Palette | null = null;
  /** An overlay that stays empty is left alone: a canvas that is touched is copied. */
  private overlayEmpty = false;

  constructor(base: HTMLCanvasElement, overlay: HTMLCanvasElement) {
    const [first, second] = [base.getContext("2d"), overlay.getContext("2d")];
    if (!first || !second) throw new Error("timeline: this browser has no 2D canvas");
    this.base = first;
    this.overlay = second;
  }

  resize(width: number, height: number, ratio: number): void {
    for (const { canvas } of [this.base, this.overlay]) {
      canvas.width = Math.max(1, Math.round(width * ratio));
      canvas.height = Math.max(1, Math.round(height * ratio));
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    }
    this.width = width;
    this.height = height;
    this.ratio = ratio;
  }

  restyle(palette: Palette): void {
    this.palette = palette;
  }

  private begin(context: CanvasRenderingContext2D): void {
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    context.globalAlpha = 1;
  }

  private xOf(view: Viewport, time: number): number {
    const x = ((time - view.from) * this.width) / Math.max(1, view.to - view.from);
    return Math.min(Math.max(x, -OUTSIDE), this.width + OUTSIDE);
  }

  drawBase({ view, counters }: CounterScene): void {
    const { palette, base } = this;
    if (!palette || this.width === 0) return;
    this.begin(base);
    const { at } = ticksBetween(view.from, view.to, this.width / TICK_SPACING);
    base.fillStyle = palette.line;
    for (const time of at) base.fillRect(Math.round(this.xOf(view, time)), 0, 1, this.height);
    for (const counter of counters) {
      if (counter.top > this.height || counter.top + counter.height < 0) continue;
      base.fillStyle = palette.line;
      base.fillRect(0, Math.round(counter.top), this.width, 1);
      for (const { from, to, columns } of counter.parts) {
        this.drawPart(view, counter, { from, to }, columns, palette);
      }
      base.fillStyle = palette.muted;
      base.fillRect(0, Math.round(counter.top + counter.height), this.width, 1);
      this.drawUnknown(view, counter, palette);
    }
  }

  /** One step at a time: its area, the band above it, and the line along its top. */
  private drawPart(
    view: Viewport,
    counter: PlacedCounter,
    part: Viewport,
    columns: CounterColumns,
    palette: Palette,
  ): void {
    const { top, height, low, high } = counter;
    const yOf = (value: number): number => top + height * (1 - (value - low) / (high - low || 1));
    const zero = yOf(Math.max(low, 0));
    const area = new Path2D();
    const band = new Path2D();
    const line = new Path2D();
    let drawn = -1;
    const step = (from: number, to: number, value: number): void => {
      const [x0, x1, y] = [this.xOf(view, from), this.xOf(view, to), yOf(value)];
      area.rect(x0, Math.min(y, zero), x1 - x0, Math.abs(zero - y));
      if (x1 - x0 < LINE_FROM) return;
      if (drawn === x0) line.lineTo(x0, y);
      else line.moveTo(x0, y);
      line.lineTo(x1, y);
      drawn = x1;
    };
    const pixel = (view.to - view.from) / this.width;
    let index = changeAt(columns, part.from);
    let from = part.from;
    let value = index < 0 ? columns.before : (columns.last[index] as number);
    for (index += 1; index <= columns.length; index++) {
      const at = index < columns.length ? (columns.at[index] as number) : Infinity;
      step(from, Math.min(at, part.to), value);
      if (at >= part.to) break;
      from = at;
      value = columns.last[index] as number;
      if ((columns.count[index] as number) === 1) continue;
      const until = Math.min(at + pixel, columns.at[index + 1] ?? Infinity, part.to);
      const min = columns.min[index] as number;
      const [x0, x1] = [this.xOf(view, at), this.xOf(view, until)];
      const ends = [yOf(columns.max[index] as number), yOf(min)] as const;
      band.rect(x0, ends[0], Math.max(1, x1 - x0), Math.max(1, ends[1] - ends[0]));
      step(at, until, min);
      from = until;
    }
    const { base } = this;
    base.fillStyle = palette.fill(counter.token);
    base.fill(area);
    base.globalAlpha = BAND;
    base.fill(band);
    base.globalAlpha = 1;
    base.strokeStyle = palette.muted;
    base.lineWidth = 1;
    base.stroke(line);
  }

  private drawUnknown(view: Viewport, counter: PlacedCounter, palette: Palette): void {
    const x = this.xOf(view, counter.unknownFrom);
    if (x >= this.width) return;
    const { base } = this;
    base.clearRect(x, counter.top, this.width - x, counter.height);
    base.globalAlpha = UNKNOWN;
    base.fillStyle = patternFill(base, "hatch", palette.surface, palette.muted, this.ratio);
    base.fillRect(x, counter.top, this.width - x, counter.height);
    base.globalAlpha = 1;
  }

  drawOverlay({ view, pointerX, range, chosen }: CounterOverlay): void {
    const { palette, overlay } = this;
    if (!palette || this.width === 0) return;
    const empty = pointerX === null && !range && !chosen;
    if (empty && this.overlayEmpty) return;
    this.overlayEmpty = empty;
    this.begin(overlay);
    if (range) {
      const [x0, x1] = [this.xOf(view, range.from), this.xOf(view, range.to)];
      overlay.fillStyle = palette.accent;
      overlay.globalAlpha = RANGE;
      overlay.fillRect(x0, 0, x1 - x0, this.height);
      overlay.globalAlpha = 1;
    }
    if (pointerX !== null) {
      overlay.fillStyle = palette.muted;
      overlay.fillRect(Math.round(pointerX), 0, 1, this.height);
    }
    if (!chosen) return;
    overlay.fillStyle = palette.accent;
    overlay.fillRect(this.xOf(view, chosen.at) - 1, chosen.top, 2, chosen.height);
  }
}
