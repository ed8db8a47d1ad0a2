// SPDX-License-Identifier: MIT
// The bars of spans on the lanes of the timeline: by look, so that the cost is a few fills a lane
// whatever the number of spans; the server sends at most two entries a pixel and lane. On a lane
// with few they are filled as paths, else as strips of pixels. Bars end a hair before the next
// begins when there is room, so neighbours stay apart.

import { firstEndingAfter, type LaneColumns } from "../lib/columns";
import { lookOf, type StateLook } from "../lib/states";
import type { Viewport } from "../lib/viewport";
import type { Palette } from "./palette";
import { anchorPattern, patternFill, patternTile } from "./patterns";
import type { PlacedLane } from "./renderer";
import { type Scale, xOf } from "./scale";
import { type Ink, inkOf, MANY, plainInk, type Strips } from "./strips";

/** How strong what is not singled out is. */
export const FADED = 0.16;
const MERGED = 0.78;
const GAP = 0.6;
const GAP_FROM = 3;
const EDGE = 2;
const NARROWEST = 0.75;
const LABEL_MIN_WIDTH = 18;

/** What bars are drawn of, and where. */
export interface BarScene {
  context: CanvasRenderingContext2D;
  scale: Scale;
  palette: Palette;
  states: readonly string[];
  /** Codes of the states that are not faded; null fades none. */
  singledOut: ReadonlySet<number> | null;
}

/** Bars of one look: x and width by turns, CSS pixels. */
interface Look {
  key: string;
  bars: readonly number[];
  top: number;
  height: number;
  alpha: number;
  /** Where time 0 of the run is, to which patterns are anchored. */
  origin: number;
  fill(): CanvasPattern | string;
  ink(): Ink;
}

/** How much of a lane's height its bars have. */
export function shareOf(lane: PlacedLane, look: StateLook): number {
  return lane.isFull ? 1 : look.height;
}

export class BarPainter {
  private ratio = 1;
  /** All that is drawn of the lane goes into strips: what lies over what stays as it is. */
  private isDense = false;
  private readonly fills = new Map<string, CanvasPattern | string>();
  private readonly inks = new Map<string, Ink>();
  /** Of the lane being drawn, per state code: spans by themselves, and merged ones. */
  private readonly single: number[][] = [];
  private readonly merged: number[][] = [];

  /** What is put into the strips is drawn when they are flushed. */
  constructor(private readonly strips: Strips) {}

  resize(ratio: number): void {
    if (ratio !== this.ratio) this.forget();
    this.ratio = ratio;
  }

  /** The colours changed. */
  forget(): void {
    this.fills.clear();
    this.inks.clear();
  }

  /** Bars of a lane in a part of the window; which of them are wide enough for a label. */
  draw(scene: BarScene, lane: PlacedLane, columns: LaneColumns, part: Viewport): number[] {
    const labelled = this.sort(scene.scale, columns, part);
    const isMany = (bars: readonly number[]): boolean => bars.length >= 2 * MANY;
    this.isDense = [...this.single, ...this.merged].some(isMany);
    for (let state = 0; state < this.single.length; state++) {
      const single = this.single[state] as number[];
      const merged = this.merged[state] as number[];
      if (single.length + merged.length > 0) this.drawState(scene, lane, state, single, merged);
    }
    return labelled;
  }

  private sort(scale: Scale, columns: LaneColumns, part: Viewport): number[] {
    for (const bars of this.single) bars.length = 0;
    for (const bars of this.merged) bars.length = 0;
    const labelled: number[] = [];
    for (let i = firstEndingAfter(columns, part.from); i < columns.length; i++) {
      const start = columns.start[i] as number;
      if (start >= part.to) break;
      const x0 = xOf(scale, Math.max(start, part.from));
      const wide = xOf(scale, Math.min(columns.end[i] as number, part.to)) - x0;
      const isMerged = (columns.count[i] as number) > 1;
      const gap = !isMerged && wide > GAP_FROM ? GAP : 0;
      this.barsOf(columns.state[i] as number, isMerged).push(x0, Math.max(NARROWEST, wide - gap));
      if (wide >= LABEL_MIN_WIDTH) labelled.push(i);
    }
    return labelled;
  }

  private barsOf(state: number, isMerged: boolean): number[] {
    while (this.single.length <= state) {
      this.single.push([]);
      this.merged.push([]);
    }
    return (isMerged ? this.merged : this.single)[state] as number[];
  }

  private drawState(
    { context, scale, palette, states, singledOut }: BarScene,
    lane: PlacedLane,
    state: number,
    single: readonly number[],
    merged: readonly number[],
  ): void {
    const look = lookOf(states[state] ?? "");
    const height = Math.max(2, Math.round(lane.height * shareOf(lane, look)));
    const alpha = singledOut?.has(state) === false ? FADED : 1;
    const colour = palette.fill(look.token);
    const shared = {
      key: look.token + look.pattern,
      top: lane.top + Math.round((lane.height - height) / 2),
      height,
      origin: -scale.from * scale.perNs,
      fill: () => patternFill(context, look.pattern, colour, palette.stripe, this.ratio),
      ink: () => {
        const tile = patternTile(look.pattern, colour, palette.stripe, this.ratio);
        return tile ? inkOf(tile) : plainInk(colour);
      },
    };
    this.fill(context, { ...shared, bars: single, alpha });
    this.fill(context, { ...shared, bars: merged, alpha: alpha * MERGED });
    if (look.pattern !== "edge") return;
    const bars = [...edged(single), ...edged(merged)];
    const { edge } = palette;
    this.fill(context, { ...shared, key: "", bars, height: EDGE, alpha, fill: () => edge, ink: () => plainInk(edge) });
  }

  private fill(context: CanvasRenderingContext2D, look: Look): void {
    const { key, bars, top, height, alpha, origin } = look;
    if (bars.length === 0) return;
    if (this.isDense) {
      const { ratio } = this;
      const place = { top: Math.round(top * ratio), height: Math.round(height * ratio), alpha, phase: origin * ratio };
      this.strips.add(ratio === 1 ? bars : bars.map((x) => x * ratio), kept(this.inks, key, look.ink), place);
      return;
    }
    const fill = kept(this.fills, key, look.fill);
    anchorPattern(fill, origin, top, this.ratio);
    context.beginPath();
    for (let i = 0; i < bars.length; i += 2) context.rect(bars[i] as number, top, bars[i + 1] as number, height);
    context.globalAlpha = alpha;
    context.fillStyle = fill;
    context.fill();
    context.globalAlpha = 1;
  }
}

/** Bars that are wide enough for the top edge that tells "holds the GIL" from plain running. */
function edged(bars: readonly number[]): number[] {
  const wide: number[] = [];
  for (let i = 0; i < bars.length; i += 2) {
    if ((bars[i + 1] as number) > EDGE) wide.push(bars[i] as number, bars[i + 1] as number);
  }
  return wide;
}

function kept<Value>(values: Map<string, Value>, key: string, make: () => Value): Value {
  let value = values.get(key);
  if (value === undefined) {
    value = make();
    values.set(key, value);
  }
  return value;
}
