// SPDX-License-Identifier: MIT
// What was just taken away can be had back for a while. One such offer at a time: the next one
// ends the one before. The time stands still while somebody is at the offer.

import { signal } from "@preact/signals";

export interface Offer {
  says(): string;
  undo(): void;
  /** Selector of what is there again afterwards. */
  place(): string;
  /** Nobody wanted it back. */
  over?(): void;
}

const UNDO_MS = 10_000;

export const offer = signal<Offer | null>(null);
let timer = 0;

function end(): Offer | null {
  const ended = offer.peek();
  window.clearTimeout(timer);
  offer.value = null;
  return ended;
}

/** The same offer again begins its time anew. */
export function offerUndo(next: Offer): void {
  if (offer.peek() !== next) end()?.over?.();
  offer.value = next;
  letTimeRun();
}

export function undo(): void {
  end()?.undo();
}

export function dismissOffer(): void {
  end()?.over?.();
}

export function holdTime(): void {
  window.clearTimeout(timer);
}

export function letTimeRun(): void {
  window.clearTimeout(timer);
  if (offer.peek()) timer = window.setTimeout(dismissOffer, UNDO_MS);
}
