// SPDX-License-Identifier: MIT
// What the server recommends for an experiment, and how its cells scale.

import type { Interval } from "./experiments";
import { id, request } from "./request";

/** What keeps a cell from being faster. */
export type Limit = "cores" | "gil" | "loop" | "lock" | "serial" | "workers" | "outside";

/** In what a cell lies outside of what was measured on real Python. */
export type Outside =
  | "machine"
  | "cores"
  | "runtime"
  | "parameters"
  | "strategy"
  | "start"
  | "arrivals"
  | "steps"
  | "metric"
  | "few";

export interface MeasuredWorkload {
  build: string;
  family: string;
  strategy: string;
  work: string;
  workers: number | null;
  switch_interval_us: number | null;
  gil_wait_share: number | null;
  measured_s: number;
  predicted_s: number;
}

/** Errors of the model near a cell: |ln(predicted / measured)|. */
export interface ModelError {
  /** What the errors are of; null: of nothing. */
  of: "wall_time" | "median_latency" | null;
  rows: number;
  median: number | null;
  p90: number | null;
  nearest: MeasuredWorkload[];
  outside: Outside[];
}

export interface Recommended {
  cell: string;
  runtime: string;
  strategy: string;
  value: number | null;
  memory_bytes: number | null;
  /** By which factor it is worse than the best one. */
  loss: number | null;
  loss_95: Interval;
  limit: Limit;
  /** Over the repetitions. */
  spread_95: Interval;
  /** The wider of spread and model error. */
  range: Interval;
  range_by: "spread" | "model" | null;
  model: ModelError;
  /** Of the logarithm of loss. */
  loss_error: number | null;
  told_apart: boolean;
}

/** A metric of the cells that are named beside each other. */
export interface AlignedMetric {
  name: string;
  best: number | null;
  runner_up: number | null;
  first: number | null;
}

export interface Recommendation {
  point: Record<string, unknown>;
  verdict: "change" | "stay" | "unsure" | "is_best" | "alone";
  cells: number;
  best: Recommended;
  /** Of another strategy or runtime, where there is one. */
  runner_up: Recommended | null;
  first: Recommended;
  /** The best one's strategy with the next smaller and larger pool that was tried. */
  smaller: Recommended | null;
  larger: Recommended | null;
  /** Nearly as good with half the memory or less. */
  leaner: Recommended | null;
  /** The goal, and what sets the limits. */
  metrics: AlignedMetric[];
}

/** Amdahl's law (without kappa and peak) or the Universal Scalability Law. */
export interface ScalingFit {
  refusal: string | null;
  lambda: number | null;
  sigma: number | null;
  kappa?: number | null;
  peak?: number | null;
  residual: number | null;
}

export interface ScalingCurve {
  axis: "workers" | "cores";
  runtime: string;
  strategy: string;
  point: Record<string, unknown>;
  points: {
    n: number;
    cell: string;
    throughput_per_s: number;
    throughput_95: Interval;
    speedup: number;
    limit: Limit;
  }[];
  knee: number;
  amdahl: ScalingFit;
  usl: ScalingFit;
}

export interface ExperimentAdvice {
  /** Whether every cell has ended; else it is about the cells_done that have. */
  complete: boolean;
  cells: number;
  cells_done: number;
  goal: string | null;
  recommendations: Recommendation[];
  curves: ScalingCurve[];
  not_modelled: string[];
}

export function getAdvice(experiment: string): Promise<ExperimentAdvice> {
  return request<ExperimentAdvice>(`/experiments/${id(experiment)}/advice`);
}
