// SPDX-License-Identifier: MIT
// One run under the glass. The browser never holds the trace: it asks for the visible window
// and then for a screen of margin on each side, at the screen's density, and draws what it has,
// stretched, until the answer is there. A newer question cancels an older one.

import { batch, computed, effect, signal } from "@preact/signals";
import {
  type ApiError,
  getExperiment,
  getRun,
  getRunHistograms,
  getRunLanes,
  getRunMetrics,
  getTimeline,
  type Run,
} from "../api";
import {
  decodeTimeline,
  readSpan,
  type Span,
  spanAt,
  type TimelineData,
  type WireTimeline,
} from "../lib/columns";
import type { Histogram } from "../lib/histogram";
import { countedLanes, type Lane, overviewLanes } from "../lib/lanes";
import { isPart, recordedId, withLoopParts } from "../lib/loop-parts";
import type { TimelineRoute } from "../lib/route";
import {
  fetchWindow,
  type FetchWindow,
  focusViewport,
  type Viewport,
  windowCovers,
} from "../lib/viewport";
import { arrangement, asAtFirst, bringUp } from "./arrangement";
import { forgetRows, pinnedCount, rows, rowsOnScreen } from "./lane-rows";
import { current, duration, isLive, lanesById, opened, type OpenRun } from "./opened";
import { asApiError } from "./resource";
import { restingViewport, show, showAll, viewport, whole, width } from "./viewport";

const DEBOUNCE_MS = 70;
const MARGIN_MS = 120;
const RETRY_MS = 3000;
/* How often one looks how far a running run has come. */
const LIVE_MS = 1000;
/* Lanes of a larger run are read anew every so many looks only. */
const FEW_LANES = 2000;
const LOOKS_FOR_LANES = 10;
const OVERVIEW_PIXELS = 1200;
const OVERVIEW_LANES = 8;
/* More of them have their counters only where all lanes are asked for. */
const COUNTED_LANES = 64;
const ALL_LANES_LIMIT = 32;
const WAITED_FOR: ReadonlySet<Lane["kind"]> = new Set(["gil", "lock", "loop"] as const);

export const data = signal<TimelineData | null>(null);
export const overview = signal<TimelineData | null>(null);
/** The overview is there, or is not going to be. */
export const overviewKnown = signal(false);
export const stale = signal(false);
/** The run was seen to grow: what came with that stays when it has ended. */
export const wasLive = signal(false);
/** Why the picture cannot be made sharper; it is tried again by itself. */
export const fetchError = signal<ApiError | null>(null);
export const selection = signal<Span | null>(null);
/** Of what is selected only the title is shown. */
export const detailsFolded = signal(false);

export const overviewRows = computed<Lane[]>(() =>
  overviewLanes(current.value?.lanes.items ?? [], OVERVIEW_LANES),
);

/** Those that are ever anything but 0, over the whole run. */
export const counters = computed(() => [...(overview.value?.counters.values() ?? [])]);

/* Blame needs what is waited for, on the screen or not, and counters are always on it. */
const lanesNeeded = computed(() => {
  const lanes = current.value?.lanes.items ?? [];
  if (lanes.length <= ALL_LANES_LIMIT) return null;
  const { first, last } = rowsOnScreen.value;
  const pinned = pinnedCount.value;
  const near = [...rows.value.slice(0, pinned), ...rows.value.slice(Math.max(first, pinned), last)];
  const ids = near.flatMap(({ type, lane }) =>
    type === "lane" && lane ? [recordedId(lane.id)] : [],
  );
  const held = lanes.filter(({ kind }) => WAITED_FOR.has(kind));
  const counted = counters.value.map(({ lane }) => lane);
  return [...new Set([...ids, ...held.map(({ id }) => id), ...counted])].sort((a, b) => a - b).join();
});

/** Lanes to ask for, when there are too many to ask for all. */
const lanesWanted = computed(() => lanesNeeded.value?.split(",").map(Number) ?? null);

/** From where on nothing is known of a lane; Infinity when everything is. */
export function unknownFrom(lane: number): number {
  const id = recordedId(lane);
  if (!isLive.peek() || (lanesById.peek().get(id)?.died_ns ?? null) !== null) return Infinity;
  const known = (data.peek() ?? overview.peek())?.lanes.get(id)?.knownUntil;
  return known ?? lanesById.peek().get(id)?.born_ns ?? 0;
}

/* --- selection --- */

/** Whoever selects something, or nothing, no longer wants what was to be selected. */
export function select(span: Span | null): void {
  stopSeeking();
  selection.value = span;
}

export function foldDetails(): void {
  detailsFolded.value = !detailsFolded.peek();
}

/** The span at a time on a lane, from whatever is loaded. */
export function findSpan(lane: number, time: number, slack: number): Span | null {
  for (const source of [data.peek(), overview.peek()]) {
    const columns = source?.lanes.get(lane);
    if (!columns || !source || time < source.from || time > source.to) continue;
    const span = readSpan(columns, spanAt(columns, time, slack));
    if (span) return span;
  }
  return null;
}

/** Selects the span before or after the selected one, and moves the window if it must. */
export function step(direction: 1 | -1): void {
  const now = selection.peek();
  const columns = now && data.peek()?.lanes.get(now.lane);
  if (!now || !columns) return;
  const here = spanAt(columns, (now.start + now.end) / 2, 0);
  const next = readSpan(columns, here + direction);
  if (!next) return;
  select(next);
  const view = viewport.peek();
  const middle = (next.start + next.end) / 2;
  if (middle >= view.from && middle <= view.to) return;
  const half = (view.to - view.from) / 2;
  show({ from: middle - half, to: middle + half });
}

/** Whatever happens on `lane` at `time` becomes the selection, and the window goes there. */
export function goTo(lane: number, time: number): void {
  const span = findSpan(lane, time, 0);
  if (!span) return;
  select(span);
  const view = viewport.peek();
  if (time >= view.from && time <= view.to) return;
  const half = (view.to - view.from) / 2;
  show({ from: time - half, to: time + half });
}

export function focusSelection(): void {
  const span = selection.peek();
  if (span) show(focusViewport(span.start, span.end, duration.peek()));
}

/* --- fetching --- */

function isSeen(run: Run): boolean {
  return run.has_timeline || run.known_until !== null;
}

function decode(wire: WireTimeline): TimelineData {
  const { states = [], instants = [], items = [] } = current.peek()?.lanes ?? {};
  const loops = items.filter(({ kind }) => kind === "loop").map(({ id }) => id);
  const codes = { poll: states.indexOf("poll"), late: instants.indexOf("late_timer") };
  return withLoopParts(decodeTimeline(wire), new Set(loops), codes);
}

let wanted: AbortController | null = null;
let timer = 0;
let movedAt = 0;
let have: { window: FetchWindow; lanes: readonly number[] | null } | null = null;

function covered(view: Viewport, pixels: number, lanes: readonly number[] | null): boolean {
  if (!have || !windowCovers(have.window, view, pixels)) return false;
  if (have.lanes === null) return true;
  const loaded = new Set(have.lanes);
  return lanes !== null && lanes.every((lane) => loaded.has(lane));
}

/**
 * The window with a screen on both sides; after a jump first without them, so that it is there
 * three times as soon.
 */
async function fetchVisible(run: string, jumped = false): Promise<void> {
  wanted?.abort();
  const controller = new AbortController();
  wanted = controller;
  const wish = fetchWindow(viewport.peek(), width.peek(), duration.peek(), jumped ? 0 : 1);
  const lanes = lanesWanted.peek();
  try {
    const next = decode(await getTimeline(run, wish, lanes, controller.signal));
    if (wanted !== controller) return;
    have = { window: wish, lanes };
    batch(() => {
      data.value = next;
      stale.value = false;
      fetchError.value = null;
    });
    if (jumped) timer = window.setTimeout(() => fetchMargin(run, wish), MARGIN_MS);
  } catch (reason) {
    if (controller.signal.aborted) return;
    batch(() => {
      stale.value = false;
      fetchError.value = asApiError(reason);
    });
    timer = window.setTimeout(() => void fetchVisible(run), RETRY_MS);
  }
}

/** What lies beside the window of a jump, when nobody jumped on meanwhile. */
function fetchMargin(run: string, { from, to }: FetchWindow): void {
  const whole = from === 0 && to === duration.peek();
  if (!whole) void fetchVisible(run);
}

effect(() => {
  const open = current.value;
  const view = viewport.value;
  const pixels = width.value;
  const lanes = lanesWanted.value;
  if (!open || !isSeen(open.run) || pixels === 0) return;
  if (covered(view, pixels, lanes)) return;
  stale.value = true;
  window.clearTimeout(timer);
  // A jump is asked about at once; a window that goes on moving when it stops.
  const now = performance.now();
  const moving = now - movedAt < DEBOUNCE_MS;
  movedAt = now;
  const { id } = open.run;
  const goesOn = have !== null && moving;
  timer = window.setTimeout(() => void fetchVisible(id, !goesOn), goesOn ? DEBOUNCE_MS : 0);
});

async function fetchOverview(open: OpenRun): Promise<void> {
  const counted = countedLanes(open.lanes.items, COUNTED_LANES);
  const lanes = [...new Set([...overviewRows.peek(), ...counted].map((lane) => lane.id))];
  const window = { from: 0, to: duration.peek(), pixels: OVERVIEW_PIXELS };
  let next = overview.peek();
  try {
    /* A run that has just begun has no lanes. */
    if (lanes.length > 0) next = decode(await getTimeline(open.run.id, window, lanes));
  } catch {
    // Without an overview the timeline still works.
  }
  if (current.peek() !== open) return;
  batch(() => {
    overview.value = next;
    overviewKnown.value = true;
  });
}

/* --- histograms --- */

/** Of the whole run; they come when they come, and nothing waits for them. */
export const histograms = signal<readonly Histogram[]>([]);

async function fetchHistograms(run: string): Promise<void> {
  try {
    const items = await getRunHistograms(run);
    if (current.peek()?.run.id === run) histograms.value = items;
  } catch {
    // The page is whole without them.
  }
}

/* --- opening --- */

function reset(): void {
  wanted?.abort();
  window.clearTimeout(timer);
  window.clearTimeout(liveTimer);
  stopSeeking();
  have = null;
  batch(() => {
    data.value = null;
    overview.value = null;
    overviewKnown.value = false;
    histograms.value = [];
    selection.value = null;
    asAtFirst();
    forgetRows();
    sought.value = null;
    stale.value = false;
    wasLive.value = false;
    fetchError.value = null;
  });
}

async function readRun(id: string): Promise<OpenRun> {
  const run = await getRun(id);
  const [lanes, metrics, experiment] = await Promise.all([
    isSeen(run)
      ? getRunLanes(id)
      : Promise.resolve({ states: [], instants: [], counters: [], sites: [], known_until: null, items: [] }),
    getRunMetrics(id),
    getExperiment(run.experiment),
  ]);
  return { run, lanes, metrics, experiment };
}

/* --- watching --- */

let liveTimer = 0;

/** What a look at a running run found: its lanes when it is time for them, all at its end. */
async function lookAgain(open: OpenRun, look: number): Promise<OpenRun> {
  const run = await getRun(open.run.id);
  if (run.known_until === null) return readRun(run.id);
  const few = open.lanes.items.length <= FEW_LANES;
  const lanes = few || look % LOOKS_FOR_LANES === 0 ? await getRunLanes(run.id) : open.lanes;
  return { ...open, run, lanes };
}

/** Shows what is new of the run; who looked at all of it goes on doing so. */
function showMore(open: OpenRun): void {
  const all = whole.peek();
  have = null;
  batch(() => {
    opened.value = { status: "ready", value: open };
    if (all) showAll();
  });
  if (!isLive.peek()) void fetchHistograms(open.run.id);
  void fetchOverview(open);
}

/** Follows a run that is being recorded until it ends, or another one is opened. */
function watch(before: OpenRun, look: number): void {
  liveTimer = window.setTimeout(() => {
    lookAgain(before, look)
      .then((open) => {
        if (current.peek() !== before) return;
        const isNew = open.run.known_until !== before.run.known_until;
        if (isNew) showMore(open);
        if (isLive.peek()) watch(isNew ? open : before, look + 1);
      })
      .catch(() => {
        if (current.peek() === before) watch(before, look);
      });
  }, LIVE_MS);
}

/** The last address given from outside. */
let given: TimelineRoute | null = null;
let stopSeeking = (): void => {};

/** What is selected as soon as there is data to find it in. */
export const awaited = signal<{ lane: number; at: number } | null>(null);

/** Selects what happens on `lane` at a time, once `isThere` says that there is data to find it in. */
function selectSoon(lane: number, at: number, isThere: (loaded: TimelineData) => boolean): void {
  let over = false;
  const wish = { lane, at };
  awaited.value = wish;
  const stop = effect(() => {
    if (over || !data.value || stale.value || !isThere(data.value)) return;
    over = true;
    const found = findSpan(lane, at, 0);
    queueMicrotask(() => {
      stop();
      if (awaited.peek() !== wish) return;
      batch(() => {
        awaited.value = null;
        if (found && !selection.peek()) select(found);
      });
    });
  });
  stopSeeking = () => {
    over = true;
    awaited.value = null;
    stop();
  };
}

/** Selects the span that `route` names. */
function selectFromRoute({ lane, at }: TimelineRoute): void {
  stopSeeking();
  const now = selection.peek();
  if (lane !== null && at !== null && now?.lane === lane && now.start <= at && at < now.end) {
    return;
  }
  select(null);
  if (lane !== null && at !== null) selectSoon(lane, at, () => true);
}

/** The lane that is looked for: its row is to be on the screen. */
export const sought = signal<number | null>(null);

/** Goes to a lane, wherever it was put away, and selects what happens there in mid-window. */
export function seekLane(id: number): void {
  const lane = lanesById.peek().get(id);
  if (!lane) return;
  select(null);
  bringUp(lane);
  sought.value = null;
  sought.value = id;
  if (isPart(id)) return;
  const { from, to } = viewport.peek();
  selectSoon(id, Math.floor((from + to) / 2), ({ lanes }) => lanes.has(id));
}

function showFromRoute({ from, to, arrangement: arranged }: TimelineRoute): void {
  arrangement.value = arranged;
  const all = { from: 0, to: duration.peek() };
  show(from !== null && to !== null && to > from ? { from, to } : all);
  restingViewport.value = viewport.peek();
}

/** The address changed under the open run: its window and its selection count. */
export function followRoute(route: TimelineRoute): void {
  given = route;
  const open = current.peek();
  if (open?.run.id !== route.run) return;
  batch(() => showFromRoute(route));
  if (isSeen(open.run)) selectFromRoute(route);
}

/** Opens a run with the window of `route`, until the returned function is called. */
export function openRun(route: TimelineRoute): () => void {
  let stopped = false;
  reset();
  given = route;
  opened.value = { status: "loading" };
  readRun(route.run)
    .then((open) => {
      if (stopped) return;
      // It may have changed while the run was being read.
      const last = given?.run === route.run ? given : route;
      batch(() => {
        opened.value = { status: "ready", value: open };
        wasLive.value = isLive.value;
        showFromRoute(last);
      });
      void fetchHistograms(open.run.id);
      if (!isSeen(open.run)) return;
      void fetchOverview(open);
      selectFromRoute(last);
      if (isLive.peek()) watch(open, 1);
    })
    .catch((reason: unknown) => {
      if (!stopped) opened.value = { status: "failed", error: asApiError(reason) };
    });
  return () => {
    stopped = true;
    reset();
    opened.value = { status: "idle" };
  };
}
