// SPDX-License-Identifier: MIT
// The counters below the lanes on Canvas 2D, one row each on the axis of time of the lanes.

import { ticksBetween } from "../lib/ticks";
import type { Viewport } from "../lib/viewport";
import { drawCounters, type PlacedCounter, type Sheet, xOnSheet } from "./counter-steps";
import type { Palette } from "./palette";
import { Strips } from "./strips";
import { TextWidths } from "./text-widths";

const TICK_SPACING = 110;
const RANGE = 0.12;

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
  private readonly strips = new Strips();
  private readonly textWidths = new TextWidths();
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
    this.strips.resize(Math.max(1, Math.round(width * ratio)));
    this.width = width;
    this.height = height;
    this.ratio = ratio;
  }

  restyle(palette: Palette): void {
    this.palette = palette;
    this.textWidths.forget();
  }

  private begin(context: CanvasRenderingContext2D): void {
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    context.globalAlpha = 1;
  }

  drawBase({ view, counters }: CounterScene): void {
    const { palette, base } = this;
    if (!palette || this.width === 0) return;
    this.begin(base);
    const sheet = this.sheet(base, view, palette);
    const { at } = ticksBetween(view.from, view.to, this.width / TICK_SPACING);
    base.fillStyle = palette.line;
    for (const time of at) base.fillRect(Math.round(xOnSheet(sheet, time)), 0, 1, this.height);
    const seen = counters.filter(({ top, height }) => top <= this.height && top + height >= 0);
    for (const { top } of seen) base.fillRect(0, Math.round(top), this.width, 1);
    drawCounters(sheet, seen);
  }

  private sheet(context: CanvasRenderingContext2D, view: Viewport, palette: Palette): Sheet {
    return { context, view, width: this.width, ratio: this.ratio, palette, strips: this.strips, textWidths: this.textWidths };
  }

  drawOverlay({ view, pointerX, range, chosen }: CounterOverlay): void {
    const { palette, overlay } = this;
    if (!palette || this.width === 0) return;
    const empty = pointerX === null && !range && !chosen;
    if (empty && this.overlayEmpty) return;
    this.overlayEmpty = empty;
    this.begin(overlay);
    const sheet = this.sheet(overlay, view, palette);
    if (range) {
      const [x0, x1] = [xOnSheet(sheet, range.from), xOnSheet(sheet, range.to)];
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
    overlay.fillRect(xOnSheet(sheet, chosen.at) - 1, chosen.top, 2, chosen.height);
  }
}
