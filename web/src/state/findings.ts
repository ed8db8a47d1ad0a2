// SPDX-License-Identifier: MIT
// What a run suffers from, what a faster step would bring, and the run with something changed. The
// server runs it again and tries what might help, so it is asked for when somebody wants to know.

import { signal } from "@preact/signals";
import { type ApiError, type Findings, getRun, getRunFindings, getRunSpeedup, type PatchOperation, runWhatIf } from "../api";
import { experimentRoute } from "../lib/route";
import { asApiError, createMade, type Made } from "./resource";
import { go } from "./router";

export const findings = createMade(getRunFindings);

export const speedup = createMade(getRunSpeedup);

/* --- of several runs -------------------------------------------------------------------- */

/* A run of so many events is run again, and what might help with it, before one has read on. */
const CHEAP_EVENTS = 300_000;

const byRun = new Map<string, Made<Findings>>();

export function findingsOf(run: string): Made<Findings> {
  const made = byRun.get(run) ?? createMade(getRunFindings);
  byRun.set(run, made);
  return made;
}

/** Asks for the findings of a run, unless that takes so long that somebody has to want it. */
export async function askIfCheap(run: string): Promise<void> {
  const made = findingsOf(run);
  if (made.state.peek().status !== "idle") return;
  try {
    const { events } = await getRun(run);
    if (events <= CHEAP_EVENTS && byRun.get(run) === made) made.ask(run);
  } catch (reason) {
    console.warn(reason);
  }
}

export function forgetFindings(): void {
  for (const made of byRun.values()) made.forget();
  byRun.clear();
  changeError.value = null;
}

/* --- a change --------------------------------------------------------------------------- */

/** Why the run with a change could not be made. */
export const changeError = signal<ApiError | null>(null);

/** Runs the cell of a run with a change as an experiment of its own, and goes there. */
export async function runChanged(run: string, patch: readonly PatchOperation[]): Promise<void> {
  changeError.value = null;
  try {
    const experiment = await runWhatIf(run, patch);
    go(experimentRoute(experiment.id));
  } catch (reason) {
    changeError.value = asApiError(reason);
  }
}
