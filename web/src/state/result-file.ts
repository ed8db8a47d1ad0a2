// SPDX-License-Identifier: MIT
// A result file on its way from the server to the disk of who asked for it.

import { signal } from "@preact/signals";
import { type ApiError, type FileOf, readSqliteFile } from "../api";
import { asApiError } from "./resource";

export const isWriting = signal(false);
export const fileError = signal<{ of: FileOf; error: ApiError } | null>(null);

/* Long enough for the browser to have opened it. */
const KEPT_MS = 60_000;

function hand(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(address), KEPT_MS);
}

/** One at a time: the server writes no more. */
export async function saveFile(of: FileOf): Promise<void> {
  if (isWriting.peek()) return;
  isWriting.value = true;
  fileError.value = null;
  try {
    hand(await readSqliteFile(of), `gilscope-${of.id}.sqlite`);
  } catch (reason) {
    fileError.value = { of, error: asApiError(reason) };
  } finally {
    isWriting.value = false;
  }
}
