// SPDX-License-Identifier: MIT
// Spans and lanes in words.

import { computed } from "@preact/signals";
import type { Span } from "../lib/columns";
import { formatDuration, formatInstant } from "../lib/format";
import { homeOf, type Lane } from "../lib/lanes";
import { isPart } from "../lib/loop-parts";
import type { Viewport } from "../lib/viewport";
import { isCarried } from "../state/blame";
import { laneTitle } from "../state/lane-title";
import { language, t, tServer } from "../state/preferences";
import { lanesById, opened, stateName } from "../state/opened";
import { stateWords } from "../state/state-words";
import { siteName, stepAt, writtenHere } from "../state/site-name";
import { viewport, width } from "../state/viewport";

export function laneTitleById(id: number): string {
  return laneTitle(lanesById.value.get(id));
}

const titleCounts = computed(() => {
  const counts = new Map<string, number>();
  for (const lane of lanesById.value.values()) {
    const title = laneTitle(lane);
    counts.set(title, (counts.get(title) ?? 0) + 1);
  }
  return counts;
});

/** Of several lanes with one name, where this one is; "" where the name is enough. */
export function laneHome(lane: Lane | undefined): string {
  if (!lane) return "";
  const occursOnce = (other: Lane): boolean => titleCounts.value.get(laneTitle(other)) === 1;
  return laneTitle(homeOf(lane, lanesById.value, occursOnce) ?? undefined);
}

/** "MainThread", or "MainThread · ForkProcess-2" where several threads are called that. */
export function laneFullTitle(id: number): string {
  const lane = lanesById.value.get(id);
  const home = laneHome(lane);
  return home === "" ? laneTitle(lane) : `${laneTitle(lane)} · ${home}`;
}

export { stateWords };

/** One word for a state wherever it occurs in this run, for legends and column heads. */
export function sharedStateWords(state: string, lanes: readonly Lane[]): string {
  const words = new Set(
    lanes.filter((lane) => (lane.totals[state] ?? 0) > 0).map((lane) => stateWords(state, lane)),
  );
  const [first] = words;
  if (words.size === 1 && first !== undefined) return first;
  return tServer("state.any", state, stateWords(state, undefined));
}

export function duration(ns: number): string {
  return formatDuration(ns, language.value, 4);
}

/** A moment, as precise as a pixel of the window. */
export function instant(ns: number, { from, to }: Viewport = viewport.value): string {
  return formatInstant(ns, (to - from) / Math.max(1, width.value), language.value);
}

type Relation =
  | "timeline.heldBy"
  | "timeline.holdsBack"
  | "timeline.runs"
  | "timeline.executes";

const RELATIONS: Record<string, Relation> = {
  held: "timeline.heldBy",
  callback: "timeline.executes",
  running: "timeline.runs",
  running_c: "timeline.runs",
  switch: "timeline.runs",
  throttled: "timeline.holdsBack",
};

export interface Fact {
  label: string;
  text: string;
  /** Where on which other lane this leads; null for facts that are not about another lane. */
  target: { lane: number; time: number } | null;
}

/** What a span says about other lanes: whom it waits for, runs or is held by; who ended it. */
export function relations(span: Span): Fact[] {
  const facts: Fact[] = [];
  if (span.resource >= 0) {
    const relation = isCarried(span)
      ? "timeline.gaveWayTo"
      : (RELATIONS[stateName(span.state)] ?? "timeline.waitsFor");
    const target = { lane: span.resource, time: span.start };
    facts.push({ label: t(relation), text: laneFullTitle(span.resource), target });
  }
  if (span.by >= 0) {
    const target = { lane: span.by, time: span.end - 1 };
    facts.push({ label: t("timeline.endedBy"), text: laneFullTitle(span.by), target });
  }
  return facts;
}

export function spanTitle(span: Span): string {
  const lane = lanesById.value.get(span.lane);
  const words = stateWords(stateName(span.state), lane);
  return span.count > 1 ? t("timeline.merged.mostly", { state: words }) : words;
}

/** What is written into a wide bar on a lane, which may be a part of the one that it is of. */
export function spanLabel(span: Span, on: number): string {
  if (span.count > 1) return `×${span.count}`;
  if (isPart(on)) return duration(span.end - span.start);
  const state = stateName(span.state);
  const lane = lanesById.peek().get(span.lane);
  const working = lane?.kind === "core" && state !== "throttled";
  if (state === "held" || state === "callback" || working) {
    const other = laneTitleById(span.resource);
    if (other) return other;
  }
  return stateWords(state, lane);
}

export interface SitePlace {
  /** What it does, and where that is; the pointer where the document has no such place. */
  name: string;
  pointer: string;
  /** The step itself, as compact JSON; null when the document has no such place. */
  text: string | null;
}

/** A step of the opened run's document, as its cell has it. */
export function placeOf(pointer: string): SitePlace {
  const written = writtenHere();
  const step = stepAt(written, pointer);
  const text = step === undefined ? null : JSON.stringify(step);
  return {
    name: siteName(written, pointer),
    pointer,
    text: text !== null && text.length > 120 ? `${text.slice(0, 117)}...` : text,
  };
}

export function siteOf(span: Span): SitePlace | null {
  const open = opened.value;
  if (open.status !== "ready" || span.site < 0) return null;
  const pointer = open.value.lanes.sites[span.site];
  return pointer === undefined ? null : placeOf(pointer);
}
