// SPDX-License-Identifier: MIT
// Experiments and their cells: made, listed, changed and removed; previews, which are not kept.

import type { WireTimeline } from "../lib/columns";
import type { Lane } from "../lib/lanes";
import type { RunsQuery } from "../lib/route";
import { BY_PAGE } from "./client";
import { id, postJson, request, sendJson } from "./request";
import type { RunStatus } from "./runs";

export type ExperimentStatus = "queued" | "running" | "done" | "failed" | "interrupted";

export type CellStatus =
  | "pending"
  | "running"
  | "done"
  | "failed"
  | "limited"
  | "not_applicable"
  | "interrupted";

/** Lower and upper bound; null with fewer than two repetitions. */
export type Interval = [number, number] | null;

export interface MetricSpread {
  n: number;
  median: number;
  median_95: Interval;
  mean: number | null;
  mean_95: Interval;
  min: number;
  max: number;
}

/** A cell beside the best one at its point of the sweep, by the document's goal. */
export interface VersusBest {
  metric: string;
  cell: string;
  pairs: number;
  ratio: number | null;
  ratio_95: Interval;
}

export interface RunSummary {
  id: string;
  repetition: number;
  status: RunStatus;
  fingerprint: string | null;
  has_timeline: boolean;
  /** Of a preview that was asked for pixels. */
  picture?: WirePicture;
}

/** What is seen of a whole run on a few lanes. */
export interface WirePicture {
  states: string[];
  lanes: Lane[];
  timeline: WireTimeline;
}

export interface Cell {
  id: string;
  index: number;
  /** Labels, see lib/label.ts. */
  runtime: string;
  strategy: string;
  point: Record<string, unknown>;
  status: CellStatus;
  reason: string | null;
  metrics?: Record<string, MetricSpread | null>;
  versus_best?: VersusBest | null;
  runs?: RunSummary[];
}

export type GateVerdict = "holds" | "fails" | "no_value" | "skipped" | "pending";

/** What became of one gate of the document. */
export interface GateResult {
  metric: string;
  min: number | null;
  max: number | null;
  over: "median" | "every";
  cells: { cell: string; verdict: GateVerdict; value: number | null }[];
}

export interface Experiment {
  id: string;
  name: string;
  status: ExperimentStatus;
  reason: string | null;
  created_ms: number;
  engine_version: string;
  cells_done: number;
  document: unknown;
  cells: Cell[];
  gates: GateResult[];
}

export interface ExperimentSummary {
  id: string;
  name: string;
  status: ExperimentStatus;
  created_ms: number;
  cells: number;
  cells_done: number;
}

/** Room that the store takes; experiments that are not there are left out. */
export interface Storage {
  bytes: number;
  free_bytes: number;
  experiments: { id: string; bytes: number }[];
}

/** `document` goes out as the user wrote it: the server is the judge of it. */
export function createExperiment(document: string): Promise<Experiment> {
  return postJson<Experiment>(`/experiments?${BY_PAGE}`, document);
}

export interface PictureSize {
  pixels: number;
  lanes: number;
}

/** Runs a document and keeps nothing; the next preview of the same client ends this one. */
export function runPreview(
  document: string,
  client: string,
  { pixels, lanes }: PictureSize,
  signal?: AbortSignal,
): Promise<Experiment> {
  const query = `client=${id(client)}&pixels=${pixels}&lanes=${lanes}`;
  return postJson<Experiment>(`/preview?${query}`, document, signal);
}

export function listExperiments(
  { name, statuses, order }: RunsQuery,
  after: string | null,
  limit = 50,
): Promise<{ items: ExperimentSummary[]; next: string | null }> {
  const params = new URLSearchParams({ limit: String(limit), order });
  if (name !== "") params.set("name", name);
  if (statuses.length > 0) params.set("status", statuses.join(","));
  if (after !== null) params.set("after", after);
  return request(`/experiments?${params.toString()}`);
}

export function renameExperiment(experiment: string, name: string): Promise<ExperimentSummary> {
  return sendJson("PATCH", `/experiments/${id(experiment)}`, JSON.stringify({ name }));
}

/** It is sent to its end, even when the page is left meanwhile. */
export function deleteExperiment(experiment: string): Promise<void> {
  return request(`/experiments/${id(experiment)}`, { method: "DELETE", keepalive: true });
}

export function cancelExperiment(experiment: string): Promise<Experiment> {
  return request(`/experiments/${id(experiment)}/cancel`, { method: "POST" });
}

export function resumeExperiment(experiment: string): Promise<Experiment> {
  return request(`/experiments/${id(experiment)}/resume`, { method: "POST" });
}

export function getStorage(experiments: readonly string[]): Promise<Storage> {
  return request(`/storage?experiments=${experiments.map(id).join(",")}`);
}

export function getExperiment(experiment: string): Promise<Experiment> {
  return request<Experiment>(`/experiments/${id(experiment)}`);
}

/** What has become of its gates by now; without the metrics of the cells. */
export async function getGates(experiment: string): Promise<GateResult[]> {
  return (await request<Experiment>(`/experiments/${id(experiment)}?metrics=`)).gates;
}

/** As many cells as a page may have. */
export const CELLS_MAX = 200;

/** Cells of an experiment by index: `count` of them from `first` on. */
export async function getCells(experiment: string, first: number, count: number): Promise<Cell[]> {
  const after = first > 0 ? `&after=${first - 1}` : "";
  const path = `/experiments/${id(experiment)}/cells?limit=${count}${after}`;
  return (await request<{ items: Cell[] }>(path)).items;
}
