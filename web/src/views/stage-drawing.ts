// SPDX-License-Identifier: MIT
// Draws whenever something that is drawn changes, at most once a frame, and tells the state how
// wide the drawing is and which lanes are on the screen.

import { effect } from "@preact/signals";
import type { Span } from "../lib/columns";
import { formatInstant } from "../lib/format";
import { SLOW_CALLBACK } from "../lib/states";
import { language, theme } from "../state/preferences";
import { range } from "../state/range";
import { singledOut } from "../state/arrangement";
import { chosenCounter, partOfCounter } from "../state/counters";
import { reportRows, rowOfLane, rows, rowsThatFit, stickyCount } from "../state/lane-rows";
import { opened, threadIndex } from "../state/opened";
import { data, overview, selection, sought, unknownFrom } from "../state/timeline";
import { timeAt, viewport, width } from "../state/viewport";
import { trail } from "../state/walk";
import { CanvasRenderer } from "../timeline/canvas-renderer";
import { readPalette } from "../timeline/palette";
import { againOn, layoutOf, placesOf, revealRow, rowOfCounter } from "./stage-place";
import { rowShape } from "./row-shape";
import { beginPrinting, endPrinting } from "./stage-print";
import { instant, spanLabel } from "./timeline-words";

const RULER_HEIGHT = 30;
/* Rows beyond the edges that are asked for too. */
const ROW_MARGIN = 6;

export interface Parts {
  scroll: HTMLElement;
  plot: HTMLElement;
  base: HTMLCanvasElement;
  overlay: HTMLCanvasElement;
  ruler: HTMLCanvasElement;
}

interface Pointer {
  x: number;
  span: Span | null;
}

export class StageDrawing {
  private readonly renderer: CanvasRenderer;
  private frame = 0;
  private baseDirty = true;
  private pointer: Pointer | null = null;
  private readonly stops: (() => void)[] = [];

  constructor(private readonly parts: Parts) {
    this.renderer = new CanvasRenderer(parts.base, parts.overlay, parts.ruler);
    const observer = new ResizeObserver(() => this.measure());
    observer.observe(parts.scroll);
    observer.observe(parts.plot);
    const onScroll = (): void => {
      this.reportRows();
      this.request(true);
    };
    parts.scroll.addEventListener("scroll", onScroll, { passive: true });
    const onPrint = (event: Event): void => {
      if (event.type === "beforeprint") beginPrinting(parts.scroll);
      else endPrinting(parts.scroll);
      this.measure();
    };
    window.addEventListener("beforeprint", onPrint);
    window.addEventListener("afterprint", onPrint);
    this.stops.push(
      () => window.removeEventListener("beforeprint", onPrint),
      () => window.removeEventListener("afterprint", onPrint),
      () => observer.disconnect(),
      () => parts.scroll.removeEventListener("scroll", onScroll),
      effect(() => {
        void theme.value;
        this.renderer.restyle(readPalette(parts.plot));
        this.request(true);
      }),
      effect(() => {
        void [viewport.value, data.value, overview.value, singledOut.value, language.value];
        this.request(true);
      }),
      effect(() => {
        void rows.value;
        this.reportRows();
        this.request(true);
      }),
      effect(() => {
        const lane = selection.value?.lane ?? sought.value;
        const counter = rowOfCounter(chosenCounter.value);
        const row = counter >= 0 ? counter : (rowOfLane.peek().get(lane ?? -1) ?? -1);
        revealRow(parts.scroll, row, rowShape.peek().height, stickyCount.peek());
        void [trail.value, range.value];
        this.request(false);
      }),
    );
    document.fonts.ready.then(() => {
      this.renderer.restyle(readPalette(parts.plot));
      this.request(true);
    });
  }

  stop(): void {
    cancelAnimationFrame(this.frame);
    for (const stop of this.stops) stop();
  }

  point(pointer: Pointer | null): void {
    this.pointer = pointer;
    this.request(false);
  }

  private measure(): void {
    const { plot, scroll } = this.parts;
    const wide = plot.clientWidth;
    const { height } = rowShape.peek();
    const tall = Math.min(rows.peek().length * height, scroll.clientHeight);
    this.renderer.resize(wide, tall, RULER_HEIGHT, window.devicePixelRatio || 1);
    width.value = wide;
    rowsThatFit.value = Math.floor(scroll.clientHeight / height);
    this.reportRows();
    cancelAnimationFrame(this.frame);
    this.baseDirty = true;
    this.draw();
  }

  private reportRows(): void {
    const { scrollTop, clientHeight, scrollHeight, parentElement } = this.parts.scroll;
    const { height } = rowShape.peek();
    // What is pinned at the upper edge says by itself that there is more below it.
    parentElement?.classList.toggle("has-more-above", scrollTop > 0 && stickyCount.peek() === 0);
    parentElement?.classList.toggle("has-more-below", scrollTop + clientHeight < scrollHeight - 1);
    const first = Math.max(0, Math.floor(scrollTop / height) - ROW_MARGIN);
    const last = Math.ceil((scrollTop + clientHeight) / height) + ROW_MARGIN;
    // In steps, so that scrolling by a pixel asks for nothing new.
    reportRows(first - (first % ROW_MARGIN), last + ROW_MARGIN - (last % ROW_MARGIN));
  }

  private request(base: boolean): void {
    this.baseDirty ||= base;
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    const open = opened.peek();
    if (open.status !== "ready") return;
    const view = viewport.peek();
    const locale = language.peek();
    if (this.baseDirty) {
      this.renderer.drawBase({
        view,
        ...layoutOf(this.parts.scroll),
        data: data.peek(),
        fallback: overview.peek(),
        states: open.value.lanes.states,
        singledOut: singledOut.peek(),
        unknownFrom,
        alarm: open.value.lanes.instants.indexOf(SLOW_CALLBACK),
        label: spanLabel,
        identity: (lane) => threadIndex.peek().get(lane) ?? -1,
      });
      this.baseDirty = false;
      this.parts.base.dataset.ready = data.peek() ? "yes" : "no";
    }
    const pointerX = this.pointer?.x ?? null;
    const hover = this.pointer?.span ?? null;
    const chosen = selection.peek();
    const flows = chosen ? [...trail.peek(), chosen] : hover ? [hover] : [];
    const spans = [...flows, ...(hover ? [hover] : [])];
    const place = chosenCounter.peek();
    const counted = (place && partOfCounter(place)) ?? -1;
    const ids = spans.flatMap((span) => [span.lane, span.by, againOn(span) ?? -1]);
    const lanes = placesOf(new Set([...ids, counted]), this.parts.scroll);
    const row = lanes.get(counted);
    this.renderer.drawOverlay({
      view,
      lanes,
      pointerX,
      hover,
      selection: chosen,
      again: (span) => lanes.get(againOn(span) ?? -1),
      range: range.peek(),
      moment: place && row ? { lane: row, at: place.at } : null,
      flows,
    });
    this.renderer.drawRuler({
      view,
      format: (ns, step) => formatInstant(ns, step, locale),
      pointer: pointerX === null ? null : { x: pointerX, text: instant(timeAt(pointerX)) },
    });
  }
}
