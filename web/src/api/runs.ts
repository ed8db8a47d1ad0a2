// SPDX-License-Identifier: MIT
// A run: what it is, its figures, its lanes and its timeline.

import type { WireTimeline } from "../lib/columns";
import type { Histogram } from "../lib/histogram";
import type { Lane } from "../lib/lanes";
import type { FetchWindow } from "../lib/viewport";
import { BY_PAGE } from "./client";
import { id, postJson, request } from "./request";

export type RunStatus = "running" | "done" | "limited" | "stopped" | "failed" | "interrupted";

export interface Run {
  id: string;
  experiment: string;
  cell: string;
  repetition: number;
  status: RunStatus;
  fingerprint: string | null;
  duration_ns: number;
  events: number;
  has_timeline: boolean;
  /** While it is being recorded: up to where it can be seen. */
  known_until: number | null;
  reason: string | null;
  not_modelled: string[];
}

/** A run that goes on: what it has so far, as an event of its experiment's stream. */
export interface RunSoFar {
  experiment: string;
  cell: string;
  /** Null: it is not recorded, and has an id when it has ended. */
  run: string | null;
  repetition: number;
  duration_ns: number;
  events: number;
  spans: number;
  units: number;
  /** By name; those that have a meaning so far. */
  metrics: Record<string, number>;
}

export interface RunMetric {
  name: string;
  unit: string;
  value: number | null;
}

export interface RunLanes {
  states: string[];
  instants: string[];
  counters: string[];
  sites: string[];
  known_until: number | null;
  items: Lane[];
}

/** The timeline of a run that kept none, or did not yet. */
export interface TimelineJob {
  run: string;
  status: "none" | "waiting" | "making" | "stored" | "failed";
  /** Of failed. */
  reason: string | null;
}

export function getTimelineJob(run: string): Promise<TimelineJob> {
  return request<TimelineJob>(`/runs/${id(run)}/timeline/job`);
}

/** Has the run executed once more, and recorded; asking again while that goes on changes nothing. */
export function makeTimeline(run: string): Promise<TimelineJob> {
  return postJson<TimelineJob>(`/runs/${id(run)}/timeline/job?${BY_PAGE}`, "{}");
}

export function getRun(run: string): Promise<Run> {
  return request<Run>(`/runs/${id(run)}`);
}

export async function getRunMetrics(run: string): Promise<RunMetric[]> {
  return (await request<{ items: RunMetric[] }>(`/runs/${id(run)}/metrics`)).items;
}

export async function getRunHistograms(run: string): Promise<Histogram[]> {
  return (await request<{ items: Histogram[] }>(`/runs/${id(run)}/histograms`)).items;
}

interface LanePage extends RunLanes {
  next: string | null;
}

/* A page without a limit has 10,000 of them, which is all that most runs have. */
const LANES_AT_ONCE = 100_000;

/** All of them. */
export async function getRunLanes(run: string): Promise<RunLanes> {
  const path = `/runs/${id(run)}/lanes`;
  const first = await request<LanePage>(path);
  let { items, next } = first;
  while (next) {
    const page = await request<LanePage>(`${path}?limit=${LANES_AT_ONCE}&after=${next}`);
    items = items.concat(page.items);
    next = page.next;
  }
  return { ...first, items };
}

export function getTimeline(
  run: string,
  window: FetchWindow,
  lanes: readonly number[] | null,
  signal?: AbortSignal,
): Promise<WireTimeline> {
  const { from, to, pixels } = window;
  const only = lanes ? `&lanes=${lanes.join(",")}` : "";
  const query = `compact=true&from=${from}&to=${to}&pixels=${pixels}${only}`;
  return request<WireTimeline>(`/runs/${id(run)}/timeline?${query}`, signal ? { signal } : {});
}
