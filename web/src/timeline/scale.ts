// SPDX-License-Identifier: MIT
// From the time of a run to a place in the drawing, CSS pixels.

import type { Viewport } from "../lib/viewport";

/** Leave out what lies outside by more than this; far coordinates lose precision. */
export const OUTSIDE = 4;

export interface Scale {
  from: number;
  perNs: number;
  width: number;
}

export function scaleOf(view: Viewport, width: number): Scale {
  return { from: view.from, perNs: width / Math.max(1, view.to - view.from), width };
}

export function xOf(scale: Scale, time: number): number {
  const x = (time - scale.from) * scale.perNs;
  return Math.min(Math.max(x, -OUTSIDE), scale.width + OUTSIDE);
}
