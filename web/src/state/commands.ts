// SPDX-License-Identifier: MIT
// What can be done now: on every page, and on the page that is open. One list for the keys, for
// the sheet that shows them and for the palette that finds them.

import { signal } from "@preact/signals";
import type { MessageKey } from "../i18n/translate";

export interface Command {
  /**
   * As KeyboardEvent.key says it, letters small, or large for Ctrl and Shift with them; none: only
   * the palette has it.
   */
  keys: readonly string[];
  shown: readonly string[];
  says: MessageKey;
  act(): void;
  /** When it counts: with Ctrl or Cmd; with Alt; only while the drawing has the focus. */
  when?: "mod" | "alt" | "stage";
  /** Also while somebody types. */
  always?: true;
}

/** Somewhere to go. */
export interface Target {
  key: string;
  text: string;
  act(): void;
}

/** What a page has to offer while it is open. */
export interface PageCommands {
  commands: readonly Command[];
  gestures?: readonly (readonly [gesture: MessageKey, says: MessageKey])[];
  /** Where one can go on it, such as to its lanes, under this heading. */
  targets?: { says: MessageKey; list(): readonly Target[] };
}

const NOTHING: PageCommands = { commands: [] };

export const pageCommands = signal<PageCommands>(NOTHING);

/** Until the returned function is called. */
export function offerCommands(page: PageCommands): () => void {
  pageCommands.value = page;
  return () => {
    if (pageCommands.peek() === page) pageCommands.value = NOTHING;
  };
}

/** What lies over the page: the palette, or the sheet of keys. */
export const overlay = signal<"palette" | "keys" | null>(null);

export function toggleOverlay(which: "palette" | "keys"): void {
  overlay.value = overlay.peek() === which ? null : which;
}
