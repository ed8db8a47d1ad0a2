// SPDX-License-Identifier: MIT
// Spans of a run one by one: at a time, before another, in a range, found, and who is to blame.

import type { WireBlame } from "../lib/blame";
import type { SpanAsk } from "../lib/span-search";
import type { Viewport } from "../lib/viewport";
import { id, request } from "./request";

/** A span with its state as a word, as all answers but the timeline give it. */
export interface WireSpan {
  lane: number;
  start: number;
  /** Null while it has not ended. */
  end: number | null;
  state: string;
  resource: number;
  by: number;
  site: number;
}

export interface Damage {
  what: string;
}

/** A span with all that belongs to it. */
export interface SpanDetail {
  span: WireSpan | null;
  /** Who ended it; `from` is what that one did just before. */
  flow?: { kind: string; left: number; at: number; from: WireSpan | null } | null;
  /** Spans of others that the lane ended meanwhile, in the order of time. */
  ended?: WireSpan[];
  damages: Damage[];
}

/** What lanes did in a range, exactly. */
export interface RangeStats {
  from: number;
  to: number;
  lanes: { id: number; totals: Record<string, number> }[];
  /** State held: the lane was held by `resource`; waits: the lane waited for the GIL `resource`. */
  holdings: { lane: number[]; state: number[]; resource: number[]; ns: number[] };
  /** The longest waits with whom they are to be blamed on, which may be too much to look at. */
  waits: { span: WireSpan; blame: { holder: number[]; ns: number[] } | null }[];
  damages: Damage[];
}

/** Who had what these lanes waited for. */
export function getBlame(
  run: string,
  { from, to }: Viewport,
  waiters: readonly number[],
): Promise<WireBlame> {
  const query = `from=${from}&to=${to}&waiters=${waiters.join(",")}`;
  return request<WireBlame>(`/runs/${id(run)}/blame?${query}`);
}

/** What a lane did at an instant. */
export function getSpanAt(run: string, lane: number, at: number): Promise<SpanDetail> {
  return request<SpanDetail>(`/runs/${id(run)}/spans/at?lane=${lane}&at=${at}`);
}

/** The last span of a lane in one of these states that ends at `at` or before. */
export function getSpanBefore(
  run: string,
  lane: number,
  at: number,
  states: readonly string[],
): Promise<{ span: WireSpan | null; damages: Damage[] }> {
  const query = `lane=${lane}&at=${at}&direction=previous&states=${states.join(",")}`;
  return request(`/runs/${id(run)}/spans/next?${query}`);
}

/** What all lanes did between two times, with so many of the longest waits. */
export function getRange(
  run: string,
  { from, to }: Viewport,
  waits: number,
  signal: AbortSignal,
): Promise<RangeStats> {
  return request(`/runs/${id(run)}/range?from=${from}&to=${to}&waits=${waits}`, { signal });
}

/** Spans that are all that is asked for, in the order of time; `after` is the page before's. */
export function searchSpans(
  run: string,
  { name, kind, lanes, states, resource }: SpanAsk,
  least: number,
  after: string | null,
): Promise<{ items: WireSpan[]; next: string | null; damages: Damage[] }> {
  const params = new URLSearchParams({ limit: "1000", least: String(least) });
  if (name !== undefined) params.set("name", name);
  if (kind !== undefined) params.set("kind", kind);
  if (lanes) params.set("lanes", lanes.join(","));
  if (states) params.set("states", states.join(","));
  if (resource !== undefined) params.set("resource", String(resource));
  if (after !== null) params.set("after", after);
  return request(`/runs/${id(run)}/spans?${params.toString()}`);
}
