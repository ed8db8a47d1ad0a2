// SPDX-License-Identifier: MIT
// The window onto a run: [from, to) in nanoseconds of virtual time, always inside [0, duration],
// never narrower than MIN_SPAN. Pure functions from window to window.

export interface Viewport {
  from: number;
  to: number;
}

export const MIN_SPAN = 100;

export function clampViewport(view: Viewport, duration: number): Viewport {
  const span = Math.min(Math.max(view.to - view.from, Math.min(MIN_SPAN, duration)), duration);
  const from = Math.min(Math.max(view.from, 0), duration - span);
  return { from, to: from + span };
}

/** Zooms by `factor` (below 1 = closer) and keeps the time at `anchor` (0..1) where it is. */
export function zoomViewport(
  view: Viewport,
  factor: number,
  anchor: number,
  duration: number,
): Viewport {
  const span = view.to - view.from;
  const next = Math.min(Math.max(span * factor, Math.min(MIN_SPAN, duration)), duration);
  const from = view.from + (span - next) * anchor;
  return clampViewport({ from, to: from + next }, duration);
}

/** Moves by a share of the visible span; positive is later. */
export function panViewport(view: Viewport, share: number, duration: number): Viewport {
  const by = (view.to - view.from) * share;
  return clampViewport({ from: view.from + by, to: view.to + by }, duration);
}

/** A window that shows [start, end) with some air on both sides. */
export function focusViewport(start: number, end: number, duration: number): Viewport {
  const air = Math.max(end - start, MIN_SPAN) * 0.6;
  return clampViewport({ from: start - air, to: end + air }, duration);
}

export interface FetchWindow {
  from: number;
  to: number;
  pixels: number;
}

/** What to ask the server for: so many screens on both sides, too, at the screen's density. */
export function fetchWindow(
  view: Viewport,
  width: number,
  duration: number,
  margin: number,
): FetchWindow {
  const span = view.to - view.from;
  const from = Math.max(0, Math.floor(view.from - margin * span));
  const to = Math.min(duration, Math.ceil(view.to + margin * span));
  const pixels = Math.max(1, Math.round((width * (to - from)) / Math.max(1, span)));
  return { from, to, pixels: Math.min(4096, pixels) };
}

/** Whether data fetched for `have` still shows `view` sharply and to its edges. */
export function windowCovers(have: FetchWindow, view: Viewport, width: number): boolean {
  if (view.from < have.from || view.to > have.to) return false;
  const density = have.pixels / Math.max(1, have.to - have.from);
  const wanted = width / Math.max(1, view.to - view.from);
  return wanted <= density * 1.05 && wanted >= density * 0.45;
}
