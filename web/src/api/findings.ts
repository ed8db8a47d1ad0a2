// SPDX-License-Identifier: MIT
// What a run suffers from, what was tried against it, and what a faster step would gain.

import { BY_PAGE } from "./client";
import type { Experiment } from "./experiments";
import { id, postJson, request } from "./request";

/** One operation of a JSON patch (RFC 6902), as far as advice uses them. */
export type PatchOperation =
  | { op: "add" | "replace"; path: string; value: unknown }
  | { op: "remove"; path: string }
  | { op: "move"; from: string; path: string };

export interface FindingLane {
  id: number;
  kind: string;
  name: string;
}

/** A patch that was tried against a finding, and what it gained. */
export interface FindingTrial {
  remedy: string;
  text: string;
  patch: PatchOperation[];
  verdict: "gains" | "no_gain" | "loses" | "no_number" | "refused";
  reason: string | null;
  /** Runs with the patch that do not end, of the repetitions. */
  unfinished: number;
  before: number | null;
  after: number | null;
  ratio: number | null;
  ratio_low: number | null;
  ratio_high: number | null;
  gain: number | null;
}

export interface Finding {
  rule: string;
  number: number;
  unit: "ratio" | "us" | "count";
  meaning: string;
  threshold: number;
  source: string;
  severity: number;
  proof: { lane: FindingLane | null; from: number; to: number };
  culprit: FindingLane | null;
  site: string | null;
  state: string | null;
  object: string | null;
  values: Record<string, number | null>;
  /** In English. */
  text: string;
  cycle: { waiter: FindingLane; resource: FindingLane; holder: FindingLane }[];
  metric: string | null;
  advice: FindingTrial | null;
  tried: FindingTrial[];
}

export interface Findings {
  repetitions: number;
  items: Finding[];
}

/** What the goal would be if a step of the program took less time. */
export interface Speedup {
  goal: string;
  value: number | null;
  repetitions: number;
  steps: SpeedupStep[];
  left_out: number;
}

export interface SpeedupStep {
  /** JSON pointer into the document of the cell. */
  site: string;
  faster: {
    time: number;
    ratio: number | null;
    ratio_95: [number, number] | null;
    gain: number | null;
  }[];
}

/** Null while they are being made; ask again then. */
export async function getRunFindings(run: string): Promise<Findings | null> {
  const path = `/runs/${id(run)}/findings?${BY_PAGE}`;
  return (await request<{ findings: Findings | null }>(path)).findings;
}

/** Null while it is being made; ask again then. */
export async function getRunSpeedup(run: string): Promise<Speedup | null> {
  const path = `/runs/${id(run)}/speedup?${BY_PAGE}`;
  return (await request<{ speedup: Speedup | null }>(path)).speedup;
}

/** Runs the cell of a run again with its document changed. */
export function runWhatIf(run: string, patch: readonly PatchOperation[]): Promise<Experiment> {
  return postJson<Experiment>(`/runs/${id(run)}/what-if?${BY_PAGE}`, JSON.stringify({ patch }));
}
