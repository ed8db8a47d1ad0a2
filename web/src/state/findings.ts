// SPDX-License-Identifier: MIT
// What a run suffers from, what a faster step would bring, and the run with something changed. The
// server runs it again and tries what might help, so it is asked for when somebody wants to know.

import { getRunFindings, getRunSpeedup, type PatchOperation, runWhatIf } from "../api";
import { experimentRoute } from "../lib/route";
import { asApiError, createMade } from "./resource";
import { go } from "./router";

export const findings = createMade(getRunFindings);

export const speedup = createMade(getRunSpeedup);

/** Runs the cell of a run with a change as an experiment of its own, and goes there. */
export async function runChanged(run: string, patch: readonly PatchOperation[]): Promise<void> {
  try {
    const experiment = await runWhatIf(run, patch);
    go(experimentRoute(experiment.id));
  } catch (reason) {
    findings.state.value = { status: "failed", error: asApiError(reason) };
  }
}
