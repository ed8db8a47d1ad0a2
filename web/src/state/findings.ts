// SPDX-License-Identifier: MIT
// What a run suffers from, what a faster step would bring, and the run with something changed. The
// server runs it again and tries what might help, so it is asked for when somebody wants to know.

import { signal } from "@preact/signals";
import { type ApiError, type Findings, getRun, getRunFindings, getRunSpeedup, type PatchOperation, runWhatIf } from "../api";
import { experimentRoute } from "../lib/route";
import { asApiError, createMade, type Made } from "./resource";
import { go } from "./router";

export const speedup = createMade(getRunSpeedup);

/* --- findings --------------------------------------------------------------------------- */

/* A run of so many events is run again, and what might help with it, before one has read on. */
const CHEAP_EVENTS = 300_000;

const byRun = new Map<string, Made<Findings>>();
let owner: string | null = null;

/** Those of another experiment are forgotten; who comes back to this one finds what was read. */
export function findingsOf(experiment: string, run: string): Made<Findings> {
  if (owner !== experiment) {
    const others = [...byRun.values()];
    owner = experiment;
    byRun.clear();
    // Not while a page is being put together, as now.
    queueMicrotask(() => others.forEach(({ forget }) => forget()));
  }
  const made = byRun.get(run) ?? createMade(getRunFindings);
  byRun.set(run, made);
  return made;
}

/** Asks for the findings of a run, unless that takes so long that somebody has to want it. */
export async function askIfCheap(made: Made<Findings>, run: string): Promise<void> {
  if (made.state.peek().status !== "idle") return;
  try {
    const { events } = await getRun(run);
    if (events <= CHEAP_EVENTS && byRun.get(run) === made) made.ask(run);
  } catch (reason) {
    console.warn(reason);
  }
}

/* --- a change --------------------------------------------------------------------------- */

/** Why the run with a change could not be made. */
export const changeError = signal<ApiError | null>(null);

export function forgetChange(): void {
  changeError.value = null;
}

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
