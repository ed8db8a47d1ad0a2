// SPDX-License-Identifier: MIT
// The chain of blame: from a wait to what the one who ended it did just before, from work to the
// wait before it, and so on until a timer or the outside world. Back the same way; where one has
// not come from anywhere, to the first of those whom the span released.

import { batch, effect, signal } from "@preact/signals";
import { type ApiError, getSpanAt, getSpanBefore, type WireSpan } from "../api";
import type { Span } from "../lib/columns";
import { asApiError } from "./resource";
import { current, duration } from "./opened";
import { select, selection } from "./timeline";
import { show, viewport } from "./viewport";

/** Where one has come from, the oldest first; the selection is the end of it. */
export const trail = signal<readonly Span[]>([]);
/** What the last step came to, when it led nowhere or not everything could be read. */
export const walkEnd = signal<"start" | "end" | null>(null);
export const walkDamaged = signal(0);
export const walkError = signal<ApiError | null>(null);

/* The selection that the walk made itself; any other one ends the trail. */
let reached: Span | null = null;

function forget(): void {
  batch(() => {
    walkEnd.value = null;
    walkDamaged.value = 0;
    walkError.value = null;
  });
}

effect(() => {
  const span = selection.value;
  if (span !== null && span === reached) return;
  reached = null;
  forget();
  trail.value = [];
});

export function spanOf(wire: WireSpan): Span {
  const states = current.peek()?.lanes.states ?? [];
  const { lane, start, resource, by, site } = wire;
  const end = wire.end ?? duration.peek();
  return { lane, start, end, state: states.indexOf(wire.state), resource, by, site, count: 1 };
}

/** States that somebody else or time ends. */
function waits(): string[] {
  const states = current.peek()?.lanes.states ?? [];
  return states.filter((name) => /^(wait|await|forced_wait|ready|spin|paused|io|sleep)/.test(name));
}

/** Selects a span and moves the window, as wide as it is, if it lies outside. */
export function visit(span: Span): void {
  select(span);
  const { from, to } = viewport.peek();
  if (span.end > from && span.start < to) return;
  const half = (to - from) / 2;
  const middle = (span.start + span.end) / 2;
  show({ from: middle - half, to: middle + half });
}

function reach(span: Span, way: readonly Span[]): void {
  batch(() => {
    reached = span;
    trail.value = way;
    visit(span);
  });
}

interface Found {
  /** The span one stands on, not merged with others. */
  here: Span;
  there: Span | null;
  damaged: number;
}

async function lookBefore(run: string, from: Span): Promise<Found> {
  const middle = Math.floor((from.start + from.end) / 2);
  const detail = await getSpanAt(run, from.lane, middle);
  const here = detail.span ? spanOf(detail.span) : from;
  const cause = detail.flow?.from;
  if (cause) return { here, there: spanOf(cause), damaged: detail.damages.length };
  const states = waits();
  const name = current.peek()?.lanes.states[here.state] ?? "";
  // What nobody ended is the end of the chain.
  if (states.includes(name)) return { here, there: null, damaged: detail.damages.length };
  const before = await getSpanBefore(run, here.lane, here.start, states);
  const damaged = detail.damages.length + before.damages.length;
  return { here, there: before.span ? spanOf(before.span) : null, damaged };
}

async function lookAfter(run: string, from: Span): Promise<Found> {
  const middle = Math.floor((from.start + from.end) / 2);
  const detail = await getSpanAt(run, from.lane, middle);
  const here = detail.span ? spanOf(detail.span) : from;
  const first = detail.ended?.[0];
  return { here, there: first ? spanOf(first) : null, damaged: detail.damages.length };
}

async function go(look: typeof lookBefore, wayTo: (here: Span) => readonly Span[]): Promise<void> {
  const from = selection.peek();
  const run = current.peek()?.run.id;
  if (!from || run === undefined) return;
  forget();
  try {
    const { here, there, damaged } = await look(run, from);
    if (selection.peek() !== from) return;
    batch(() => {
      if (there) reach(there, wayTo(here));
      walkEnd.value = there ? null : look === lookBefore ? "start" : "end";
      walkDamaged.value = damaged;
    });
  } catch (reason) {
    if (selection.peek() === from) walkError.value = asApiError(reason);
  }
}

/** To who ended the selected wait, or to the wait before the selected work. */
export function walkBack(): Promise<void> {
  return go(lookBefore, (here) => [...trail.peek(), here]);
}

/** To where one came from, or to the first whom the selected span released. */
export async function walkOn(): Promise<void> {
  const way = trail.peek();
  const last = way[way.length - 1];
  if (!last) return go(lookAfter, () => []);
  forget();
  reach(last, way.slice(0, -1));
}
