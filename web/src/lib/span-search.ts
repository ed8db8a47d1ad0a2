// SPDX-License-Identifier: MIT
// What somebody types finds what the page shows: names of lanes and words for states in the
// reader's language, and labels in bars, which are names of other lanes. The server knows names,
// kinds, states and ids; so a text becomes some questions to it, whose answers are one list.

import type { Span } from "./columns";
import { plain } from "./fuzzy";
import type { Lane } from "./lanes";

/** Spans that are all of this. */
export interface SpanAsk {
  /** Part of the name that the server knows. */
  name?: string;
  kind?: string;
  lanes?: readonly number[];
  states?: readonly string[];
  /** Of spans that name this lane, such as who holds a GIL. */
  resource?: number;
}

export interface Shown {
  lanes: readonly Lane[];
  states: readonly string[];
  titleOf(lane: Lane): string;
  wordsOf(state: string, lane: Lane): string;
}

/* An address has room for so many ids. */
const LANES_MAX = 1000;
/* Each is a question of its own. */
const LABELS_MAX = 6;

/** A lane of each kind, and the states that lanes of the kind are ever in, as far as is known. */
function kindsOf({ lanes, states }: Shown): Map<string, { lane: Lane; states: Set<string> }> {
  const kinds = new Map<string, { lane: Lane; states: Set<string> }>();
  for (const lane of lanes) {
    const kind = kinds.get(lane.kind) ?? { lane, states: new Set<string>() };
    kinds.set(lane.kind, kind);
    const seen = lane.died_ns === null ? states : states.filter((state) => (lane.totals[state] ?? 0) > 0);
    for (const state of seen) kind.states.add(state);
  }
  return kinds;
}

/** States whose words have the text: of all kinds of lanes at once, as far as they are the same. */
function asksForStates(text: string, shown: Shown): SpanAsk[] {
  const kinds = [...kindsOf(shown)];
  const hits = new Map(
    kinds.map(([kind, { lane, states }]) => [
      kind,
      [...states].filter((state) => plain(shown.wordsOf(state, lane)).includes(text)),
    ]),
  );
  const everywhere = shown.states.filter((state) => {
    const having = kinds.filter(([, { states }]) => states.has(state));
    return having.length > 0 && having.every(([kind]) => hits.get(kind)?.includes(state));
  });
  const rest = kinds.flatMap(([kind]) => {
    const states = (hits.get(kind) ?? []).filter((state) => !everywhere.includes(state));
    return states.length > 0 ? [{ kind, states }] : [];
  });
  return everywhere.length > 0 ? [{ states: everywhere }, ...rest] : rest;
}

/** Lanes that are called so: by their name, their kind, or one by one. */
function asksForLanes(text: string, found: readonly Lane[], all: readonly Lane[]): SpanAsk[] {
  const names = new Set<string>();
  const others = found.filter(({ name }) => {
    const at = plain(name).indexOf(text);
    // As it is spelled there.
    if (at >= 0) names.add(name.slice(at, at + text.length));
    return at < 0;
  });
  const countOf = (list: readonly Lane[], of: string): number => list.filter(({ kind }) => kind === of).length;
  const kinds = [...new Set(others.map(({ kind }) => kind))];
  const whole = kinds.filter((kind) => countOf(found, kind) === countOf(all, kind));
  const single = others.filter(({ kind }) => !whole.includes(kind)).map(({ id }) => id);
  return [
    ...[...names].map((name) => ({ name })),
    ...whole.map((kind) => ({ kind })),
    ...(single.length > 0 ? [{ lanes: single.slice(0, LANES_MAX) }] : []),
  ];
}

function isIn(ask: SpanAsk, state: string): boolean {
  return ask.states?.includes(state) ?? true;
}

/** What to ask the server for a text and a state; "" for any. Nothing at all: nothing is called so. */
export function asksOf(text: string, state: string, shown: Shown): SpanAsk[] {
  const wanted = plain(text.trim());
  const states = state === "" ? {} : { states: [state] };
  if (wanted === "") return [states];
  const found = shown.lanes.filter(
    (lane) => plain(shown.titleOf(lane)).includes(wanted) || plain(lane.name).includes(wanted),
  );
  const labels = found.length <= LABELS_MAX ? found.map(({ id }) => ({ resource: id })) : [];
  const asks = [...asksForLanes(wanted, found, shown.lanes), ...labels, ...asksForStates(wanted, shown)];
  return state === "" ? asks : asks.filter((ask) => isIn(ask, state)).map((ask) => ({ ...ask, ...states }));
}

/** The spans of a question as far as they were read, in the order of time. */
export interface Stream {
  ask: SpanAsk;
  items: readonly Span[];
  /** Where it goes on; null: these are all. */
  next: string | null;
}

function byTime(a: Span, b: Span): number {
  return a.end - b.end || a.lane - b.lane;
}

/** One list of several, each span once, up to where one of them is not read yet. */
export function merged(streams: readonly Stream[]): Span[] {
  const ends = streams.flatMap(({ items, next }) => (next === null ? [] : [items[items.length - 1]]));
  const isKnown = (span: Span): boolean => ends.every((end) => end !== undefined && byTime(span, end) <= 0);
  const spans = new Map<string, Span>();
  for (const span of streams.flatMap(({ items }) => items)) {
    if (isKnown(span)) spans.set(`${span.lane}.${span.start}`, span);
  }
  return [...spans.values()].sort(byTime);
}
