// SPDX-License-Identifier: MIT
// The pictures on the cards of examples: one cell of each, the one that shows what it is about.
// They are asked for when a card comes into view, one after the other.

import { signal } from "@preact/signals";
import { ApiError, type Preset, runPreview } from "../api";
import { isRecord } from "../lib/grid";
import { decodePicture, type Picture } from "../lib/picture";

/** Null: it is not there, and will not come. */
export const miniatures = signal<ReadonlyMap<string, Picture | null>>(new Map());

interface Choice {
  strategy?: number;
  runtime?: number;
  /** Which value of each sweep; -1: the last one. */
  sweep?: number;
  events?: number;
}

/* The last strategy of the first runtime at the end of the sweep, from the beginning: what is
 * most telling where nothing else is said. */
const CHOICES: Record<string, Choice> = {
  "lock-held-across-await": { sweep: 0 },
  "loop-offloaded": { runtime: 0 },
  "loop-blocked": { events: 700 },
  "garbage-collector-pauses": { events: 20000 },
  "objects-shared-by-threads": { runtime: 1 },
  "queue-between-interpreters": { sweep: 0 },
  "requests-200": { strategy: 3, events: 20000 },
  "web-server-deployment": { strategy: 4, events: 20000 },
  "pool-chunks": { strategy: 1 },
};
const EVENTS = 1500;

const SIZE = { pixels: 320, lanes: 7 };
const RETRIES = 8;
const RETRY_MS = 600;
const CLIENT = `cards-${Math.random().toString(36).slice(2, 12)}`;

function pick(values: unknown, index: number): unknown[] {
  if (!Array.isArray(values) || values.length === 0) return [];
  return [values.at(Math.min(index, values.length - 1)) as unknown];
}

/** The document of one cell, or rather of its beginning. */
export function tellingCell(document: unknown, choice: Choice = {}): unknown {
  if (!isRecord(document)) return document;
  const { gate: _, ...rest } = document;
  const sweep = Object.entries(isRecord(document.sweep) ? document.sweep : {});
  const strategies = pick(document.strategies, choice.strategy ?? -1);
  return {
    ...rest,
    repetitions: 1,
    runtimes: pick(document.runtimes, choice.runtime ?? 0),
    ...(strategies.length > 0 ? { strategies } : {}),
    ...(sweep.length > 0
      ? { sweep: Object.fromEntries(sweep.map(([pointer, values]) => [pointer, pick(values, choice.sweep ?? -1)])) }
      : {}),
    limits: { ...(isRecord(document.limits) ? document.limits : {}), events: choice.events ?? EVENTS },
  };
}

const asked = new Set<string>();
let last: Promise<void> = Promise.resolve();

async function read(preset: Preset): Promise<Picture | null> {
  const text = JSON.stringify(tellingCell(preset.document, CHOICES[preset.id]));
  for (let tries = 0; tries < RETRIES; tries++) {
    try {
      const { cells } = await runPreview(text, CLIENT, SIZE);
      const picture = cells[0]?.runs?.[0]?.picture;
      return picture ? decodePicture(picture) : null;
    } catch (reason) {
      const status = reason instanceof ApiError ? reason.problem?.status : undefined;
      if (status !== 503 && status !== 429) return null;
      await new Promise((resolve) => window.setTimeout(resolve, RETRY_MS));
    }
  }
  return null;
}

/** Asks for the picture of a card, once. */
export function wantMiniature(preset: Preset): void {
  if (asked.has(preset.id)) return;
  asked.add(preset.id);
  last = last.then(async () => {
    const picture = await read(preset);
    miniatures.value = new Map(miniatures.peek()).set(preset.id, picture);
  });
}
