// SPDX-License-Identifier: MIT
// What the server says of an experiment that is over: whom to choose, and how it scales.

import { signal } from "@preact/signals";
import { type ExperimentAdvice, getAdvice } from "../api";

/** null: not there (yet); the page does without. */
export const advice = signal<ExperimentAdvice | null>(null);

/** Reads the advice on an experiment that is over; returns how to stop caring. */
export function readAdvice(id: string, over: boolean): () => void {
  let stopped = false;
  advice.value = null;
  if (over) {
    getAdvice(id).then(
      (value) => {
        if (!stopped) advice.value = value;
      },
      (reason: unknown) => console.warn(reason),
    );
  }
  return () => {
    stopped = true;
  };
}
