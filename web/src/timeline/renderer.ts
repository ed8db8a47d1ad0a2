// SPDX-License-Identifier: MIT
// What a timeline renderer is given and what it promises. It holds no data: a scene is drawn as
// it is handed over, whenever it is handed over. Times are nanoseconds, places CSS pixels.
//
//   +--------------------------------------------+
//   | ruler                                      |  ticks of the window
//   +--------------------------------------------+
//   | base     lanes, spans, instants            |  redrawn when window, data or looks change
//   | overlay  cursor, hover, selection, arrow   |  redrawn when the pointer moves
//   +--------------------------------------------+

import type { Span, TimelineData } from "../lib/columns";
import type { Viewport } from "../lib/viewport";
import type { PlacedCounter } from "./counter-steps";
import type { Palette } from "./palette";

export interface PlacedLane {
  id: number;
  /** Top of the lane's bar in the drawing, after scrolling. */
  top: number;
  height: number;
  /** Its bars are as high as it is, whatever their state. */
  isFull: boolean;
}

export interface PlacedBand {
  top: number;
  height: number;
}

/** A part of the drawing from top to bottom. */
export interface Part {
  lanes: readonly PlacedLane[];
  /** What is counted on some of these lanes. */
  counters: readonly PlacedCounter[];
  /** Backgrounds of group rows. */
  bands: readonly PlacedBand[];
}

export interface Scene {
  view: Viewport;
  /** What scrolls. */
  rest: Part;
  /** What stays on top of it, so high. */
  pinned: Part & { height: number };
  data: TimelineData | null;
  /** Coarse data of the whole run for what `data` does not reach. */
  fallback: TimelineData | null;
  states: readonly string[];
  /** Codes of the states that are not faded; null fades none. */
  singledOut: ReadonlySet<number> | null;
  /** From where on nothing is known of a lane; Infinity when everything is. */
  unknownFrom(lane: number): number;
  /** Kind of instant that must not be missed; -1 if the server has no such kind. */
  alarm: number;
  /** What to write into a span on a lane, if it has room; "" writes nothing. */
  label(span: Span, lane: number): string;
  /** Identity colour index of a thread, -1 for other lanes. */
  identity(lane: number): number;
}

export interface OverlayScene {
  view: Viewport;
  /** Those that the spans below are on, even when they are off the screen. */
  lanes: ReadonlyMap<number, PlacedLane>;
  pointerX: number | null;
  hover: Span | null;
  selection: Span | null;
  /** The lane, if it is on the screen, on which a span is drawn once more. */
  again(span: Span): PlacedLane | undefined;
  range: Viewport | null;
  /** A moment of a counter that is looked at. */
  moment: { lane: PlacedLane; at: number } | null;
  /** Spans whose end has an arrow from who ended them. */
  flows: readonly Span[];
}

export interface RulerScene {
  view: Viewport;
  /** Text of a tick. */
  format(ns: number, step: number): string;
  pointer: { x: number; text: string } | null;
}

export interface Renderer {
  resize(width: number, height: number, rulerHeight: number, ratio: number): void;
  restyle(palette: Palette): void;
  drawBase(scene: Scene): void;
  drawOverlay(scene: OverlayScene): void;
  drawRuler(scene: RulerScene): void;
}
