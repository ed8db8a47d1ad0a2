// SPDX-License-Identifier: MIT
// Draws the counters below the lanes whenever something that is drawn changes, at most once a
// frame, on the same axis of time.

import { effect } from "@preact/signals";
import { type CounterColumns, counterState } from "../lib/counters";
import { lookOf } from "../lib/states";
import { theme } from "../state/preferences";
import { axisOf, chosenCounter, columnsIn, counterName } from "../state/counters";
import { range } from "../state/range";
import { opened } from "../state/opened";
import { counters, data, unknownFrom } from "../state/timeline";
import { viewport, width } from "../state/viewport";
import { CounterRenderer, type PlacedCounter } from "../timeline/counter-renderer";
import { readPalette } from "../timeline/palette";
import { revealRow } from "./stage-place";

export const COUNTER_HEIGHT = 44;
const AIR = 6;

export interface CounterParts {
  scroll: HTMLElement;
  plot: HTMLElement;
  base: HTMLCanvasElement;
  overlay: HTMLCanvasElement;
}

/** Sharp data where there is some, coarse data around it. */
function partsOf(counter: CounterColumns): PlacedCounter["parts"] {
  const { from, to } = viewport.peek();
  const loaded = data.peek();
  const sharp = columnsIn(loaded, counter);
  if (!loaded || !sharp) return [{ from, to, columns: counter }];
  const inside = { from: Math.max(from, loaded.from), to: Math.min(to, loaded.to) };
  if (inside.from >= inside.to) return [{ from, to, columns: counter }];
  return [
    { from, to: inside.from, columns: counter },
    { ...inside, columns: sharp },
    { from: inside.to, to, columns: counter },
  ].filter((part) => part.to > part.from);
}

export class CounterDrawing {
  private readonly renderer: CounterRenderer;
  private frame = 0;
  private pointerX: number | null = null;
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
        this.renderer.restyle(readPalette(parts.plot));
        this.request();
      }),
      effect(() => {
        void [viewport.value, data.value, counters.value, width.value, opened.value];
        this.request();
      }),
      effect(() => {
        void range.value;
        if (chosenCounter.value) revealRow(parts.scroll, this.chosenRow(), COUNTER_HEIGHT);
        this.request();
      }),
    );
  }

  stop(): void {
    cancelAnimationFrame(this.frame);
    for (const stop of this.stops) stop();
  }

  point(x: number | null): void {
    this.pointerX = x;
    this.request();
  }

  private measure(): void {
    const { plot, scroll } = this.parts;
    const tall = Math.min(counters.peek().length * COUNTER_HEIGHT, scroll.clientHeight);
    this.renderer.resize(plot.clientWidth, tall, window.devicePixelRatio || 1);
    cancelAnimationFrame(this.frame);
    this.draw();
  }

  private chosenRow(): number {
    const place = chosenCounter.peek();
    return counters
      .peek()
      .findIndex(({ lane, kind }) => lane === place?.lane && kind === place.kind);
  }

  private request(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
  }

  private place(counter: CounterColumns, row: number): PlacedCounter {
    return {
      top: row * COUNTER_HEIGHT - this.parts.scroll.scrollTop + AIR,
      height: COUNTER_HEIGHT - AIR - 1,
      ...axisOf(counter),
      token: lookOf(counterState(counterName(counter.kind))).token,
      parts: partsOf(counter),
      unknownFrom: unknownFrom(counter.lane),
    };
  }

  private draw(): void {
    const view = viewport.peek();
    this.renderer.drawBase({ view, counters: counters.peek().map((it, row) => this.place(it, row)) });
    const place = chosenCounter.peek();
    const top = this.chosenRow() * COUNTER_HEIGHT - this.parts.scroll.scrollTop;
    const chosen = place && { top, height: COUNTER_HEIGHT, at: place.at };
    this.renderer.drawOverlay({ view, pointerX: this.pointerX, range: range.peek(), chosen });
    this.parts.base.dataset.ready = data.peek() ? "yes" : "no";
  }
}
