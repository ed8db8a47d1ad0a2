// SPDX-License-Identifier: MIT
// What a run suffers from. The server runs it again and tries what might help, so it is asked for
// when somebody wants to know, and asked again until the answer is there.

import { signal } from "@preact/signals";
import { createExperiment, getRunFindings, type RunFindings } from "../api";
import { experimentRoute } from "../lib/route";
import { asApiError, type Loaded } from "./resource";
import { go } from "./router";

const POLL_MS = 700;

export const findings = signal<Loaded<NonNullable<RunFindings["findings"]>>>({ status: "idle" });

let asked = 0;

/** Forgets what was asked; the answer to it is dropped. */
export function forgetFindings(): void {
  asked += 1;
  findings.value = { status: "idle" };
}

export function askFindings(run: string): void {
  asked += 1;
  const mine = asked;
  const ask = async (): Promise<void> => {
    try {
      const answer = await getRunFindings(run);
      if (mine !== asked) return;
      if (answer.findings) findings.value = { status: "ready", value: answer.findings };
      else window.setTimeout(() => mine === asked && void ask(), POLL_MS);
    } catch (reason) {
      if (mine === asked) findings.value = { status: "failed", error: asApiError(reason) };
    }
  };
  findings.value = { status: "loading" };
  void ask();
}

/** Runs a changed document as an experiment of its own, and goes there. */
export async function runChanged(document: unknown): Promise<void> {
  try {
    const experiment = await createExperiment(JSON.stringify(document));
    go(experimentRoute(experiment.id));
  } catch (reason) {
    findings.value = { status: "failed", error: asApiError(reason) };
  }
}
