// SPDX-License-Identifier: MIT
// What the document on the Ask page does, run by the server while it is being changed and kept
// by nobody. One preview is on its way at a time and the last change wins: what is changed
// meanwhile waits for the answer, or ends what takes too long.

import { computed, signal } from "@preact/signals";
import { ApiError, type Cell, type Experiment, runPreview } from "../api";
import { setValue } from "../lib/json-edit";
import { scanJson } from "../lib/json-scan";
import { decodePicture, type Picture } from "../lib/picture";
import { gridShape, isRecord } from "../lib/grid";
import { placesShown } from "../lib/pools";
import { previewPart } from "../lib/preview-part";
import { asApiError } from "./resource";

export interface PreviewedCell {
  cell: Cell;
  picture: Picture | null;
}

export interface Preview {
  text: string;
  experiment: Experiment;
  cells: PreviewedCell[];
}

/** A text that the server did not run, and why not. */
export interface Trouble {
  text: string;
  error: ApiError;
  /** Nothing is wrong with it but its size. */
  isTooLarge: boolean;
}

export const preview = signal<Preview | null>(null);
export const trouble = signal<Trouble | null>(null);
export const previewing = signal(false);
/** Of pools that have several sizes, which one is shown; null: nobody chose. */
export const previewSize = signal<number | null>(null);

/** Whether some of it is only the beginning. */
export const isCutShort = computed(() =>
  (preview.value?.cells ?? []).some(({ cell }) => cell.status === "limited" || cell.status === "interrupted"),
);

export const PICTURE = { pixels: 360, lanes: 6 };
/* The server has so many runs for a preview. */
const CELLS_MAX = 256;
/* Cells from here on are not waited for when there was no time for them. */
const PARTS_MAX = 16;
const PREEMPT_MS = 150;
const BUSY_MS = 400;
/* How long after a server that did not answer is asked again. */
const AWAY_MS = 2000;
const CLIENT = `ask-${Math.random().toString(36).slice(2, 12)}`;

let wanted: string | null = null;
let running: AbortController | null = null;
let timer = 0;

interface Short {
  text: string;
  /** Where its strategies are in the user's text; null: in their places. */
  places: readonly number[] | null;
}

/** One repetition shows how it goes, and one size of each pool; the text stays the user's but for
 * that. */
function shorten(text: string): Short {
  const document = JSON.parse(text) as unknown;
  const { repetitions, strategies } = isRecord(document) ? document : {};
  const once = Number.isInteger(repetitions) && (repetitions as number) > 1 ? setValue(text, "/repetitions", 1) : text;
  const places = placesShown(document, previewSize.peek());
  if (places === null || !Array.isArray(strategies)) return { text: once, places: null };
  const left = places.map((place) => (strategies as unknown[])[place]);
  return { text: setValue(once, "/strategies", left), places };
}

/** What is refused, where it is in the user's text. */
function inPlace(error: ApiError, { places }: Short): ApiError {
  if (!error.problem || places === null) return error;
  const place = (index: string): string => `/strategies/${places[Number(index)] ?? index}`;
  const errors = error.problem.errors.map((each) => ({
    ...each,
    pointer: each.pointer.replace(/^\/strategies\/(\d+)/, (_, index: string) => place(index)),
  }));
  return new ApiError({ ...error.problem, errors });
}

function previewed(cell: Cell): PreviewedCell {
  const wire = cell.runs?.find(({ picture }) => picture)?.picture;
  return { cell, picture: wire ? decodePicture(wire) : null };
}

function take(text: string, experiment: Experiment): void {
  preview.value = { text, experiment, cells: experiment.cells.map(previewed) };
  trouble.value = null;
}

const isMissing = ({ cell }: PreviewedCell): boolean => cell.status === "interrupted";

/* The cells of a part in the places of those that are missing; how many came. */
function takePart(first: number, cells: readonly Cell[]): number {
  const shown = preview.peek();
  if (!shown) return 0;
  const merged = shown.cells.map((item, index) => {
    const cell = cells[index - first];
    const isNew = cell && isMissing(item) && cell.status !== "interrupted";
    return isNew ? previewed({ ...cell, id: item.cell.id, index }) : item;
  });
  preview.value = { ...shown, cells: merged };
  return merged.filter((item, index) => item !== shown.cells[index]).length;
}

/* A slow server has not run all cells in the time of a preview: the others come one part after
 * the other, as long as nothing else is wanted. */
async function runRest(mine: AbortController): Promise<void> {
  while (running === mine && wanted === null) {
    const shown = preview.peek();
    const missing = shown?.cells.slice(0, PARTS_MAX).findIndex(isMissing) ?? -1;
    const part = missing < 0 ? null : previewPart(shown?.experiment.document, missing);
    if (!part) return;
    const text = JSON.stringify({ ...part.document, repetitions: 1 });
    const answer = await runPreview(text, CLIENT, PICTURE, mine.signal).catch(() => null);
    if (!answer || running !== mine || takePart(part.first, answer.cells) === 0) return;
  }
}

function refuse(text: string, error: ApiError): void {
  const cells = gridShape(JSON.parse(text) as unknown)?.cells ?? 0;
  const isTooLarge = cells > CELLS_MAX && error.problem?.errors[0]?.pointer === "/repetitions";
  trouble.value = { text, error, isTooLarge };
}

const isReplaced = ({ problem }: ApiError): boolean => problem?.status === 409;
const isBusy = ({ problem }: ApiError): boolean => problem?.status === 503 || problem?.status === 429;

const isAway = ({ problem }: ApiError): boolean => problem === null;

async function run(text: string): Promise<void> {
  const mine = new AbortController();
  const short = shorten(text);
  running = mine;
  previewing.value = true;
  try {
    const experiment = await runPreview(short.text, CLIENT, PICTURE, mine.signal);
    if (running === mine) take(text, experiment);
    await runRest(mine);
  } catch (reason) {
    if (running !== mine) return;
    const error = inPlace(asApiError(reason), short);
    // One that was given up can come to the server after this one, and in its place.
    if (isBusy(error) || isReplaced(error)) return askAgain(text);
    refuse(text, error);
    if (isAway(error)) comeBack(text);
  }
  if (running !== mine) return;
  running = null;
  previewing.value = false;
  next();
}

/* It stays on its way for a while, so that nothing else is sent to a server that is busy. */
function askAgain(text: string): void {
  wanted ??= text;
  window.clearTimeout(timer);
  timer = window.setTimeout(preempt, BUSY_MS);
}

/* The server may be back by then: what was said of it stays until it answers. */
function comeBack(text: string): void {
  window.clearTimeout(timer);
  timer = window.setTimeout(() => showPreview(wanted ?? text), AWAY_MS);
}

/** Runs what is wanted, unless something is on its way. */
function next(): void {
  const text = wanted;
  if (text === null || running) return;
  wanted = null;
  void run(text);
}

/* What takes too long is not waited for, and the server ends it when the next one comes. */
function drop(): void {
  running?.abort();
  running = null;
  previewing.value = false;
}

/* What was wanted may be on its way by now, and is not to be ended by its own timer. */
function preempt(): void {
  if (wanted === null) return;
  drop();
  next();
}

/** Shows what `text` does, `delay` milliseconds from now unless something else is asked for. */
export function showPreview(text: string, delay = 0): void {
  window.clearTimeout(timer);
  wanted = scanJson(text).error ? null : text;
  if (wanted === null) return;
  if (delay > 0) timer = window.setTimeout(() => showPreview(text), delay);
  else if (running) timer = window.setTimeout(preempt, PREEMPT_MS);
  else next();
}

/** Forgets what is shown: another document is looked at. */
export function forgetPreview(): void {
  window.clearTimeout(timer);
  wanted = null;
  drop();
  preview.value = null;
  trouble.value = null;
  previewSize.value = null;
}
