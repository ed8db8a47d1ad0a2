// SPDX-License-Identifier: MIT
// Spans of a state, a least duration or a text that the page shows of them, and the way from one to
// the next. The server gives them page by page, in the order of time.

import { effect, signal } from "@preact/signals";
import { searchSpans } from "../api";
import type { Span } from "../lib/columns";
import type { FindQuery } from "../lib/route";
import { asksOf, merged, type SpanAsk, type Stream } from "../lib/span-search";
import { laneTitle } from "./lane-title";
import { language } from "./preferences";
import { asApiError, type Loaded } from "./resource";
import { stateWords } from "./state-words";
import { current } from "./opened";
import { selection } from "./timeline";
import { viewport } from "./viewport";
import { spanOf, visit } from "./walk";

const REST_MS = 250;

export interface Matches {
  items: readonly Span[];
  /** What they are of. */
  streams: readonly Stream[];
  /** These are not all. */
  hasMore: boolean;
  damaged: number;
}

export const searchOpen = signal(false);
export const query = signal<FindQuery | null>(null);
export const matches = signal<Loaded<Matches>>({ status: "idle" });

let timer = 0;
/* Which question an answer is for. */
let asked = 0;

/** What a text means depends on the language in which the page shows it. */
function asksHere({ name, state }: FindQuery): SpanAsk[] {
  const { items = [], states = [] } = current.peek()?.lanes ?? {};
  return asksOf(name, state, { lanes: items, states, titleOf: laneTitle, wordsOf: stateWords });
}

async function readPage(run: string, find: FindQuery, before: Matches | null): Promise<void> {
  const mine = asked;
  let damaged = before?.damaged ?? 0;
  const begun = before?.streams ?? asksHere(find).map((ask) => ({ ask, items: [], next: "" }));
  const goOn = async (stream: Stream): Promise<Stream> => {
    if (stream.next === null) return stream;
    const page = await searchSpans(run, stream.ask, find.least, stream.next || null);
    damaged += page.damages.length;
    return { ...stream, items: [...stream.items, ...page.items.map(spanOf)], next: page.next };
  };
  try {
    const streams = await Promise.all(begun.map(goOn));
    if (mine !== asked) return;
    const hasMore = streams.some(({ next }) => next !== null);
    matches.value = { status: "ready", value: { items: merged(streams), streams, hasMore, damaged } };
  } catch (reason) {
    if (mine === asked) matches.value = { status: "failed", error: asApiError(reason) };
  }
}

effect(() => {
  const find = query.value;
  const run = current.value?.run.id;
  void language.value;
  window.clearTimeout(timer);
  asked += 1;
  if (!find || run === undefined) {
    matches.value = { status: "idle" };
    return;
  }
  matches.value = { status: "loading" };
  timer = window.setTimeout(() => void readPage(run, find, null), REST_MS);
});

/** Sets one part of the question; without any part there is none. */
export function ask(part: Partial<FindQuery>): void {
  const { name = "", state = "", least = 0 } = { ...query.peek(), ...part };
  query.value = name === "" && state === "" && least === 0 ? null : { name, state, least };
}

export function closeSearch(): void {
  searchOpen.value = false;
  query.value = null;
}

function indexOf(items: readonly Span[], span: Span | null): number {
  return items.findIndex(({ lane, start }) => lane === span?.lane && start === span.start);
}

/** Which of the matches is selected; -1 when none is. */
export function matchSelected({ items }: Matches): number {
  return indexOf(items, selection.value);
}

/** The match after or before the selected one, or where one looks; it begins anew at the end. */
export async function nextMatch(direction: 1 | -1): Promise<void> {
  const found = matches.peek();
  if (found.status !== "ready" || found.value.items.length === 0) return;
  const { items, hasMore } = found.value;
  const here = indexOf(items, selection.peek());
  const time = selection.peek()?.end ?? viewport.peek().from;
  const after = items.findIndex(({ end }) => end > time);
  const first = after < 0 ? items.length : after;
  const to = here >= 0 ? here + direction : direction > 0 ? first : first - 1;
  const run = current.peek()?.run.id;
  const find = query.peek();
  if (to >= items.length && hasMore && find && run !== undefined) {
    await readPage(run, find, found.value);
    const more = matches.peek();
    const span = more.status === "ready" ? more.value.items[to] : undefined;
    if (span) visit(span);
    return;
  }
  const span = items[(to + items.length) % items.length];
  if (span) visit(span);
}
