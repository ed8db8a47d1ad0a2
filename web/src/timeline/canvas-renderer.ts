// SPDX-License-Identifier: MIT
// The timeline on Canvas 2D: what is behind the bars of the lanes, and on them.

import { type LaneColumns, readSpan, type Span } from "../lib/columns";
import { lookOf, TEXT_MIN_HEIGHT } from "../lib/states";
import { ticksBetween } from "../lib/ticks";
import type { Viewport } from "../lib/viewport";
import { BarPainter, type BarScene, FADED, shareOf } from "./bars";
import { drawCounters } from "./counter-steps";
import { drawInstants } from "./instants";
import type { Palette } from "./palette";
import { anchorPattern, patternFill } from "./patterns";
import type { OverlayScene, Part, PlacedLane, Renderer, RulerScene, Scene } from "./renderer";
import { OUTSIDE, type Scale, scaleOf, xOf } from "./scale";
import { Strips } from "./strips";
import { TextWidths } from "./text-widths";

const LABEL_PADDING = 5;
const CUT_MIN_WIDTH = 48;
const TICK_SPACING = 110;
const IDENTITY_HEIGHT = 3;
/* States in which a span's resource is the thread that runs there or holds it. */
const HOSTED = new Set(["running", "running_c", "switch", "held"]);
/* How strong the hatch is where nothing is known yet. */
const UNKNOWN = 0.35;
const RANGE = 0.12;
interface Surface {
  canvas: HTMLCanvasElement;
  context: CanvasRenderingContext2D;
}

/** A bar that is wide enough for a label. */
interface Labelled {
  lane: PlacedLane;
  columns: LaneColumns;
  index: number;
}

function surfaceOf(canvas: HTMLCanvasElement): Surface {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("timeline: this browser has no 2D canvas");
  return { canvas, context };
}

export class CanvasRenderer implements Renderer {
  private readonly base: Surface;
  private readonly overlay: Surface;
  private readonly ruler: Surface;
  private width = 0;
  private height = 0;
  private rulerHeight = 0;
  private ratio = 1;
  private palette: Palette | null = null;
  private readonly strips = new Strips();
  private readonly bars = new BarPainter(this.strips);
  private unknown: CanvasPattern | string | null = null;
  private readonly textWidths = new TextWidths();
  /** An overlay that stays empty is left alone: a canvas that is touched is copied. */
  private overlayEmpty = false;

  constructor(base: HTMLCanvasElement, overlay: HTMLCanvasElement, ruler: HTMLCanvasElement) {
    this.base = surfaceOf(base);
    this.overlay = surfaceOf(overlay);
    this.ruler = surfaceOf(ruler);
  }

  resize(width: number, height: number, rulerHeight: number, ratio: number): void {
    const sizes = [
      [this.base, height],
      [this.overlay, height],
      [this.ruler, rulerHeight],
    ] as const;
    for (const [surface, tall] of sizes) {
      surface.canvas.width = Math.max(1, Math.round(width * ratio));
      surface.canvas.height = Math.max(1, Math.round(tall * ratio));
      surface.canvas.style.width = `${width}px`;
      surface.canvas.style.height = `${tall}px`;
    }
    this.strips.resize(Math.max(1, Math.round(width * ratio)));
    this.bars.resize(ratio);
    if (ratio !== this.ratio) this.unknown = null;
    this.width = width;
    this.height = height;
    this.rulerHeight = rulerHeight;
    this.ratio = ratio;
  }

  restyle(palette: Palette): void {
    this.palette = palette;
    this.bars.forget();
    this.unknown = null;
    this.textWidths.forget();
  }

  private begin(surface: Surface, height: number): CanvasRenderingContext2D {
    const { context } = surface;
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.width, height);
    context.globalAlpha = 1;
    return context;
  }

  /* --- base --- */

  drawBase(scene: Scene): void {
    const { palette } = this;
    if (!palette || this.width === 0) return;
    const context = this.begin(this.base, this.height);
    const scale = scaleOf(scene.view, this.width);
    const { height } = scene.pinned;
    this.drawPart(context, scene, scene.rest, { from: height, to: this.height }, scale, palette);
    if (height === 0) return;
    this.drawPart(context, scene, scene.pinned, { from: 0, to: height }, scale, palette);
    context.fillStyle = palette.muted;
    context.fillRect(0, height - 1, this.width, 1);
  }

  /** Lanes with what is behind and on them, nothing of it outside of these heights. */
  private drawPart(
    context: CanvasRenderingContext2D,
    scene: Scene,
    part: Part,
    { from, to }: Viewport,
    scale: Scale,
    palette: Palette,
  ): void {
    context.save();
    context.beginPath();
    context.rect(0, from, this.width, to - from);
    context.clip();
    this.drawBackground(context, scene.view, part, scale, palette);
    const bars = { context, scale, palette, states: scene.states, singledOut: scene.singledOut };
    const labelled = part.lanes.flatMap((lane) => this.drawLane(scene, bars, lane));
    this.strips.flush(context);
    for (const each of labelled) this.drawLabel(context, scene, each, scale, palette);
    context.globalAlpha = 1;
    for (const lane of part.lanes) {
      this.drawUnknown(context, lane, scene.unknownFrom(lane.id), scale, palette);
    }
    const { width, ratio, strips, textWidths } = this;
    const sheet = { context, view: scene.view, width, ratio, palette, strips, textWidths };
    drawCounters(sheet, part.counters);
    if (scene.data && scene.singledOut === null) {
      drawInstants({ ...sheet, scale, instants: scene.data.instants, alarm: scene.alarm }, part.lanes, strips);
    }
    context.restore();
  }

  private drawBackground(
    context: CanvasRenderingContext2D,
    view: Viewport,
    part: Part,
    scale: Scale,
    palette: Palette,
  ): void {
    context.fillStyle = palette.band;
    for (const band of part.bands) context.fillRect(0, band.top, this.width, band.height);
    const { at } = ticksBetween(view.from, view.to, this.width / TICK_SPACING);
    context.fillStyle = palette.line;
    for (const time of at) context.fillRect(Math.round(xOf(scale, time)), 0, 1, this.height);
  }

  /** The bars of a lane: of what is sharp, and on both sides of it of what is coarse. */
  private drawLane(scene: Scene, bars: BarScene, lane: PlacedLane): Labelled[] {
    const sharp = scene.data?.lanes.get(lane.id);
    const coarse = scene.fallback?.lanes.get(lane.id);
    const { view } = scene;
    const draw = (columns: LaneColumns | undefined, from: number, to: number): Labelled[] =>
      columns && from < to ? this.bars.draw(bars, lane, columns, { from, to }).map((index) => ({ lane, columns, index })) : [];
    if (!sharp || !scene.data) return draw(coarse, view.from, view.to);
    const { from, to } = scene.data;
    return [
      ...draw(coarse, view.from, Math.min(from, view.to)),
      ...draw(coarse, Math.max(to, view.from), view.to),
      ...draw(sharp, Math.max(view.from, from), Math.min(view.to, to)),
    ];
  }

  /** A hatch over what a run that goes on has not told yet: no state looks like it. */
  private drawUnknown(
    context: CanvasRenderingContext2D,
    lane: PlacedLane,
    from: number,
    scale: Scale,
    palette: Palette,
  ): void {
    const x = xOf(scale, from);
    if (x >= this.width) return;
    this.unknown ??= patternFill(context, "hatch", palette.surface, palette.muted, this.ratio);
    anchorPattern(this.unknown, -scale.from * scale.perNs, lane.top, this.ratio);
    context.globalAlpha = UNKNOWN;
    context.fillStyle = this.unknown;
    context.fillRect(x, lane.top, this.width - x, lane.height);
    context.globalAlpha = 1;
    context.fillStyle = palette.muted;
    if (x > 0) context.fillRect(x, lane.top, 1, lane.height);
  }

  private drawLabel(
    context: CanvasRenderingContext2D,
    scene: Scene,
    { lane, columns, index }: Labelled,
    scale: Scale,
    palette: Palette,
  ): void {
    const span = readSpan(columns, index);
    if (!span) return;
    const look = lookOf(scene.states[span.state] ?? "");
    const dim = scene.singledOut?.has(span.state) === false;
    context.globalAlpha = dim ? FADED : 1;
    const x0 = Math.max(0, xOf(scale, span.start));
    const x1 = Math.min(this.width, xOf(scale, span.end));
    this.drawIdentity(context, scene, lane, span, palette, x0, x1);
    if (shareOf(lane, look) < TEXT_MIN_HEIGHT) return;
    const text = this.fitting(context, scene.label(span, lane.id), look.letter, x1 - x0, palette);
    if (text === "") return;
    const middle = lane.top + lane.height / 2;
    const textWidth = this.textWidths.of(context, text);
    if (look.pattern !== "solid" && look.pattern !== "edge") {
      const tall = Math.round(lane.height * shareOf(lane, look));
      context.fillStyle = palette.fill(look.token);
      context.fillRect(x0 + 1, middle - tall / 2, textWidth + 2 * LABEL_PADDING - 2, tall);
    }
    context.fillStyle = palette.onFill;
    context.textBaseline = "middle";
    context.fillText(text, x0 + LABEL_PADDING, middle + 0.5);
  }

  /** A stripe in the colour of the thread that a core runs or that holds the GIL. */
  private drawIdentity(
    context: CanvasRenderingContext2D,
    scene: Scene,
    lane: PlacedLane,
    span: Span,
    palette: Palette,
    x0: number,
    x1: number,
  ): void {
    const { resource } = span;
    const state = scene.states[span.state] ?? "";
    const identity = resource >= 0 && HOSTED.has(state) ? scene.identity(resource) : -1;
    if (identity < 0) return;
    context.fillStyle = palette.identity[identity % palette.identity.length] ?? palette.ink;
    const top = lane.top + lane.height - IDENTITY_HEIGHT;
    context.fillRect(x0, top, x1 - x0 - 0.6, IDENTITY_HEIGHT);
  }

  /** The whole text if it fits, else its beginning, else the state's letter, else nothing. */
  private fitting(
    context: CanvasRenderingContext2D,
    text: string,
    letter: string,
    room: number,
    palette: Palette,
  ): string {
    context.font = `500 11px ${palette.font}`;
    const free = room - 2 * LABEL_PADDING;
    const width = this.textWidths.of(context, text);
    if (text !== "" && width <= free) return text;
    if (text !== "" && room >= CUT_MIN_WIDTH) {
      let letters = Math.floor((text.length * free) / width) - 1;
      for (; letters > 2; letters--) {
        const cut = `${text.slice(0, letters).trimEnd()}…`;
        if (this.textWidths.of(context, cut) <= free) return cut;
      }
    }
    return letter !== "" && this.textWidths.of(context, letter) <= free ? letter : "";
  }

  /* --- overlay --- */

  drawOverlay(scene: OverlayScene): void {
    const { palette } = this;
    if (!palette || this.width === 0) return;
    const { pointerX, hover, selection, range, moment } = scene;
    const spans = hover || selection || scene.flows.length > 0;
    const empty = pointerX === null && !spans && !range && !moment;
    if (empty && this.overlayEmpty) return;
    this.overlayEmpty = empty;
    const context = this.begin(this.overlay, this.height);
    const scale = scaleOf(scene.view, this.width);
    const { lanes } = scene;
    if (range) this.drawRange(context, range, scale, palette);
    if (pointerX !== null) {
      context.fillStyle = palette.muted;
      context.fillRect(Math.round(pointerX), 0, 1, this.height);
    }
    const outlined = [
      ...scene.flows.map((span) => ({ span, width: 1, colour: palette.accent })),
      { span: hover, width: 1, colour: palette.ink },
      { span: selection, width: 2, colour: palette.accent },
    ];
    for (const { span, width, colour } of outlined) {
      if (!span) continue;
      const x0 = xOf(scale, span.start);
      const x1 = Math.max(x0 + 2, xOf(scale, span.end));
      context.strokeStyle = colour;
      context.lineWidth = width;
      for (const lane of [lanes.get(span.lane), scene.again(span)]) {
        if (lane) context.strokeRect(x0 - 0.5, lane.top - 1.5, x1 - x0 + 1, lane.height + 3);
      }
    }
    if (moment) {
      context.fillStyle = palette.accent;
      context.fillRect(xOf(scale, moment.at) - 1, moment.lane.top - 2, 2, moment.lane.height + 4);
    }
    for (const span of scene.flows) {
      const from = span.by >= 0 ? lanes.get(span.by) : undefined;
      const target = lanes.get(span.lane);
      if (from && target && from !== target) {
        this.drawFlow(context, xOf(scale, span.end), from, target, palette);
      }
    }
  }

  private drawRange(
    context: CanvasRenderingContext2D,
    range: Viewport,
    scale: Scale,
    palette: Palette,
  ): void {
    const x0 = xOf(scale, range.from);
    const x1 = xOf(scale, range.to);
    context.fillStyle = palette.accent;
    context.globalAlpha = RANGE;
    context.fillRect(x0, 0, x1 - x0, this.height);
    context.globalAlpha = 1;
    context.fillRect(x0 - 0.5, 0, 1, this.height);
    context.fillRect(x1 - 0.5, 0, 1, this.height);
  }

  /** An arrow from whoever ended a wait to the one who waited, at the moment it ended. */
  private drawFlow(
    context: CanvasRenderingContext2D,
    x: number,
    from: PlacedLane,
    target: PlacedLane,
    palette: Palette,
  ): void {
    if (x < -OUTSIDE + 1 || x > this.width + OUTSIDE - 1) return;
    const down = target.top > from.top;
    const y0 = down ? from.top + from.height : from.top;
    const y1 = down ? target.top - 2 : target.top + target.height + 2;
    const head = down ? -5 : 5;
    context.strokeStyle = palette.accent;
    context.fillStyle = palette.accent;
    context.lineWidth = 2;
    context.beginPath();
    context.moveTo(x, y0);
    context.lineTo(x, y1 + head);
    context.stroke();
    context.beginPath();
    context.arc(x, y0, 3, 0, 7);
    context.fill();
    context.beginPath();
    context.moveTo(x - 5, y1 + head);
    context.lineTo(x + 5, y1 + head);
    context.lineTo(x, y1);
    context.closePath();
    context.fill();
  }

  /* --- ruler --- */

  drawRuler(scene: RulerScene): void {
    const { palette } = this;
    if (!palette || this.width === 0) return;
    const context = this.begin(this.ruler, this.rulerHeight);
    const scale = scaleOf(scene.view, this.width);
    const { at, step } = ticksBetween(scene.view.from, scene.view.to, this.width / TICK_SPACING);
    context.font = `500 11px ${palette.font}`;
    context.textBaseline = "middle";
    for (const time of at) {
      const x = Math.round(xOf(scale, time));
      context.fillStyle = palette.line;
      context.fillRect(x, this.rulerHeight - 8, 1, 8);
      const text = scene.format(time, step);
      const room = this.textWidths.of(context, text);
      if (x + 4 + room > this.width) continue;
      context.fillStyle = palette.muted;
      context.fillText(text, x + 5, this.rulerHeight / 2);
    }
    if (scene.pointer) this.drawPointerTime(context, scene.pointer, palette);
  }

  private drawPointerTime(
    context: CanvasRenderingContext2D,
    pointer: { x: number; text: string },
    palette: Palette,
  ): void {
    const room = this.textWidths.of(context, pointer.text) + 12;
    const left = Math.min(Math.max(0, pointer.x - room / 2), this.width - room);
    context.fillStyle = palette.ink;
    context.beginPath();
    context.roundRect(left, 4, room, this.rulerHeight - 8, 4);
    context.fill();
    context.fillStyle = palette.surface;
    context.fillText(pointer.text, left + 6, this.rulerHeight / 2);
  }
}
