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

/** For which runs it takes so long that somebody has to want it. */
export const costs = signal<ReadonlyMap<string, "little" | "much">>(new Map());

export async function readCost(run: string): Promise<void> {
  if (costs.peek().has(run)) return;
  const cost = await getRun(run).then(
    ({ events }) => (events <= CHEAP_EVENTS ? "little" : "much"),
    () => "much" as const,
  );
  costs.value = new Map(costs.peek()).set(run, cost);
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
