// SPDX-License-Identifier: MIT
// What the sweep of a document sets: places, some of them in lists, which have to stay what they
// are as long as the sweep names them.

import { isRecord } from "./grid";

export function sweptPointers(document: unknown): string[] {
  return isRecord(document) && isRecord(document.sweep) ? Object.keys(document.sweep) : [];
}

/** Whether one of the pointers leads to that place, into it or around it. */
export function isSwept(swept: readonly string[], pointer: string): boolean {
  return swept.some((at) => at === pointer || at.startsWith(`${pointer}/`) || pointer.startsWith(`${at}/`));
}
