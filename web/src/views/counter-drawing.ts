// SPDX-License-Identifier: MIT
// Draws the counters below the lanes whenever something that is drawn changes, at most once a
// frame, on the same axis of time.

import { effect } from "@preact/signals";
import { chosenCounter, paneCounters } from "../state/counters";
import { opened } from "../state/opened";
import { language, theme } from "../state/preferences";
import { range } from "../state/range";
import { data } from "../state/timeline";
import { viewport, width } from "../state/viewport";
import { CounterRenderer } from "../timeline/counter-renderer";
import { readPalette } from "../timeline/palette";
import { placedCounter } from "./counter-place";
import { counterShape } from "./row-shape";
import { revealRow } from "./stage-place";

export interface CounterParts {
  scroll: HTMLElement;
  plot: HTMLElement;
  base: HTMLCanvasElement;
  overlay: HTMLCanvasElement;
}

export class CounterDrawing {
  private readonly renderer: CounterRenderer;
  private frame = 0;
  private pointerX: number | null = null;
  private isStopped = false;
  private readonly stops: (() => void)[] = [];

  constructor(private readonly parts: CounterParts) {
    this.renderer = new CounterRenderer(parts.base, parts.overlay);
    const observer = new ResizeObserver(() => this.measure());
    observer.observe(parts.scroll);
    observer.observe(parts.plot);
    const onScroll = (): void => this.request();
    parts.scroll.addEventListener("scroll", onScroll, { passive: true });
    this.stops.push(
      () => observer.disconnect(),
      () => parts.scroll.removeEventListener("scroll", onScroll),
      effect(() => {
        void theme.value;
        this.restyle();
      }),
      effect(() => {
        void [viewport.value, data.value, paneCounters.value, width.value, opened.value, language.value];
        this.request();
      }),
      effect(() => {
        void range.value;
        if (chosenCounter.value) revealRow(parts.scroll, this.chosenRow(), counterShape.peek().height);
        this.request();
      }),
    );
    document.fonts.ready.then(() => !this.isStopped && this.restyle());
  }

  /** Colours and widths of texts, of the theme and the font that are there now. */
  private restyle(): void {
    this.renderer.restyle(readPalette(this.parts.plot));
    this.request();
  }

  stop(): void {
    this.isStopped = true;
    cancelAnimationFrame(this.frame);
    for (const stop of this.stops) stop();
  }

  point(x: number | null): void {
    this.pointerX = x;
    this.request();
  }

  private measure(): void {
    const { plot, scroll } = this.parts;
    const tall = Math.min(paneCounters.peek().length * counterShape.peek().height, scroll.clientHeight);
    this.renderer.resize(plot.clientWidth, tall, window.devicePixelRatio || 1);
    cancelAnimationFrame(this.frame);
    this.draw();
  }

  private chosenRow(): number {
    const place = chosenCounter.peek();
    return paneCounters
      .peek()
      .findIndex(({ lane, kind }) => lane === place?.lane && kind === place.kind);
  }

  private request(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    const view = viewport.peek();
    const { scrollTop } = this.parts.scroll;
    const { height, barTop } = counterShape.peek();
    const counters = paneCounters
      .peek()
      .map((it, row) => placedCounter(it, row * height - scrollTop + barTop, height - barTop - 1));
    this.renderer.drawBase({ view, counters });
    const place = chosenCounter.peek();
    const top = this.chosenRow() * height - this.parts.scroll.scrollTop;
    const chosen = place && { top, height, at: place.at };
    this.renderer.drawOverlay({ view, pointerX: this.pointerX, range: range.peek(), chosen });
    this.parts.base.dataset.ready = data.peek() ? "yes" : "no";
  }
}
