// SPDX-License-Identifier: MIT
// Marks of what happened at a moment, on the upper edge of the lane it happened on: a triangle,
// a tick where the one before is too near, and one that must not be missed larger than all others.

import type { InstantColumns } from "../lib/columns";
import type { Viewport } from "../lib/viewport";
import type { Palette } from "./palette";
import type { PlacedLane } from "./renderer";
import { type Scale, xOf } from "./scale";
import { type Ink, plainInk, type Strips } from "./strips";

const TICK_GAP = 8;
const TICK_ALPHA = 0.2;
const TICK_HEIGHT = 2;
/* Half the width of a triangle, and of one that must not be missed. */
const SIZE = 3;
const ALPHA = 0.85;
const ALARM_SIZE = 5;
/* Of half its width. */
const TALL = 1.7;
const ABOVE = 3;

export interface InstantScene {
  context: CanvasRenderingContext2D;
  scale: Scale;
  ratio: number;
  palette: Palette;
  view: Viewport;
  instants: InstantColumns;
  /** Kind of instant that must not be missed. */
  alarm: number;
}

/** Of one lane, where: CSS pixels. */
interface Marks {
  ticks: number[];
  triangles: number[];
  alarms: number[];
}

function marksOf({ scale, view, instants, alarm }: InstantScene, lanes: readonly PlacedLane[]): Map<number, Marks> {
  const marks = new Map<number, Marks>(
    lanes.map(({ id }) => [id, { ticks: [], triangles: [], alarms: [] }]),
  );
  for (let i = 0; i < instants.length; i++) {
    const at = instants.at[i] as number;
    const lane = at < view.from || at > view.to ? undefined : marks.get(instants.lane[i] as number);
    if (!lane) continue;
    const x = xOf(scale, at);
    if (instants.kind[i] === alarm) lane.alarms.push(x);
    else if (x - (lane.triangles.at(-1) ?? -Infinity) < TICK_GAP) lane.ticks.push(x);
    else lane.triangles.push(x);
  }
  return marks;
}

/** Bars of one width around these places; pixels of the device. */
function around(places: readonly number[], wide: number, ratio: number): number[] {
  return places.flatMap((x) => [x * ratio - wide / 2, wide]);
}

/** Triangles that point down, a row of pixels after the other. */
function addTriangles(strips: Strips, places: readonly number[], top: number, ink: Ink, ratio: number): void {
  const rows = Math.round(SIZE * TALL * ratio);
  for (let y = 0; y < rows; y++) {
    const bars = around(places, 2 * SIZE * ratio * (1 - (y + 0.5) / rows), ratio);
    strips.add(bars, ink, { top: top + y, height: 1, alpha: ALPHA, phase: 0 });
  }
}

function drawAlarms(context: CanvasRenderingContext2D, palette: Palette, places: readonly number[], top: number): void {
  context.beginPath();
  for (const x of places) {
    context.moveTo(x - ALARM_SIZE, top);
    context.lineTo(x + ALARM_SIZE, top);
    context.lineTo(x, top + ALARM_SIZE * TALL);
    context.closePath();
  }
  context.lineWidth = 2;
  context.strokeStyle = palette.surface;
  context.stroke();
  context.fillStyle = palette.alarm;
  context.fill();
}

export function drawInstants(scene: InstantScene, lanes: readonly PlacedLane[], strips: Strips): void {
  const { context, ratio, palette } = scene;
  const ink = plainInk(palette.ink);
  const marks = marksOf(scene, lanes);
  for (const lane of lanes) {
    const { ticks, triangles } = marks.get(lane.id) as Marks;
    const top = Math.round((lane.top - ABOVE) * ratio);
    const height = Math.round(TICK_HEIGHT * ratio);
    strips.add(around(ticks, ratio, ratio), ink, { top, height, alpha: TICK_ALPHA, phase: 0 });
    if (triangles.length > 0) addTriangles(strips, triangles, top, ink, ratio);
  }
  strips.flush(context);
  for (const lane of lanes) {
    const { alarms } = marks.get(lane.id) as Marks;
    if (alarms.length > 0) drawAlarms(context, palette, alarms, lane.top - ABOVE - 1);
  }
}
