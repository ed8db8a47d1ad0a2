// SPDX-License-Identifier: MIT
// What the server says of an experiment: whom to choose, and how it scales. While the experiment
// runs it speaks of the cells that have ended, and is asked again as more do.

import { computed, effect, signal } from "@preact/signals";
import { type ExperimentAdvice, getAdvice, type Limit } from "../api";
import { experiment, isOver } from "./experiment";
import { createPace } from "./pace";
import { onBack } from "./reach";

/** null: not there (yet); the page does without. */
export const advice = signal<ExperimentAdvice | null>(null);
/** The experiment whose advice is there, or cannot be had. */
export const advised = signal<string | null>(null);

/** What limits a cell, as far as the advice speaks of it. */
export const limits = computed<ReadonlyMap<string, Limit>>(() => {
  const { curves = [], recommendations = [] } = advice.value ?? {};
  const points = curves.flatMap((curve) => curve.points);
  const named = recommendations.flatMap(({ best, runner_up, first }) => [best, runner_up, first]);
  return new Map([...points, ...named].flatMap((one) => (one ? [[one.cell, one.limit] as const] : [])));
});

/** Whether more is known of experiment `id` than what its advice is made of. */
function isBehind(id: string): boolean {
  const state = experiment.value;
  if (state.status !== "ready" || state.value.id !== id) return false;
  const { status, cells_done } = state.value;
  const said = advice.peek();
  if (said === null) return cells_done > 0 || isOver(status);
  const ended = status === "done" || status === "failed";
  const goesOn = said.complete && !isOver(status); // it was interrupted
  return said.cells_done < cells_done || goesOn || (ended && !said.complete);
}

/** Keeps the advice on an experiment that is watched current, until the returned function is
 * called. */
export function watchAdvice(id: string): () => void {
  let stopped = false;
  const pace = createPace(async () => {
    try {
      const value = await getAdvice(id);
      if (stopped) return;
      advice.value = value;
      if (isBehind(id)) pace.ask();
    } catch (reason) {
      console.warn(reason);
    }
    if (!stopped) advised.value = id;
  });
  // Who comes back to an experiment finds what was there.
  if (advised.peek() !== id) advice.value = advised.value = null;
  const release = effect(() => {
    if (isBehind(id)) pace.ask();
  });
  const stopListening = onBack(() => {
    if (isBehind(id)) pace.ask();
  });
  return () => {
    stopped = true;
    release();
    stopListening();
    pace.stop();
  };
}
