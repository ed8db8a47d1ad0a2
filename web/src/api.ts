// SPDX-License-Identifier: MIT
// The REST API, version 1, as this page uses it. Everything that fails throws ApiError, which
// carries the server's problem (RFC 9457) or "network" when there was no answer at all.

import type { WireBlame } from "./lib/blame";
import type { Histogram } from "./lib/histogram";
import type { WireTimeline } from "./lib/columns";
import type { OpenApi } from "./lib/contract";
import { takeEarly } from "./lib/early-questions";
import type { Lane } from "./lib/lanes";
import type { FindQuery, RunsQuery } from "./lib/route";
import type { FetchWindow, Viewport } from "./lib/viewport";

export type ExperimentStatus = "queued" | "running" | "done" | "failed" | "interrupted";
export type CellStatus =
  | "pending"
  | "running"
  | "done"
  | "failed"
  | "limited"
  | "not_applicable"
  | "interrupted";
export type RunStatus = "running" | "done" | "limited" | "stopped" | "failed" | "interrupted";

export interface Preset {
  id: string;
  name: string;
  description: string;
  document: unknown;
}

export interface ModelSummary {
  name: string;
  title: string;
}

export interface RuntimeSummary extends ModelSummary {
  /** How its GIL changes hands: "interval" by the switch interval. */
  gil: string;
}

export interface ProfileSummary extends ModelSummary {
  parameters: { name: string; value: number | boolean }[];
}

export interface Models {
  items: RuntimeSummary[];
  profiles: ProfileSummary[];
}

export interface MetricInfo {
  name: string;
  unit: string;
  meaning: string;
  better: "higher" | "lower" | "neutral";
}

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
  runtime: unknown;
  strategy: unknown;
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

/** What keeps a cell from being faster. */
export type Limit = "cores" | "gil" | "loop" | "lock" | "serial" | "outside";

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

export interface Recommendation {
  point: Record<string, unknown>;
  verdict: "change" | "stay" | "unsure" | "is_best" | "alone";
  cells: number;
  best: Recommended;
  runner_up: Recommended | null;
  first: Recommended;
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

/** What somebody wrote about a part of a run; without text it is a bookmark. */
export interface NoteDraft {
  text: string;
  from: number;
  to: number;
  /** Null: about all of them. */
  lane: number | null;
}

export interface Note extends NoteDraft {
  id: string;
  created_ms: number;
  changed_ms: number;
}

export interface RunMetric {
  name: string;
  unit: string;
  value: number | null;
}

/** A span with its state as a word, as all answers but the timeline give it. */
export interface WireSpan {
  lane: number;
  start: number;
  /** Null while it has not ended. */
  end: number | null;
  state: string;
  resource: number;
  by: number;
  site: number;
}

export interface Damage {
  what: string;
}

/** A span with all that belongs to it. */
export interface SpanDetail {
  span: WireSpan | null;
  /** Who ended it; `from` is what that one did just before. */
  flow?: { kind: string; left: number; at: number; from: WireSpan | null } | null;
  /** Spans of others that the lane ended meanwhile, in the order of time. */
  ended?: WireSpan[];
  damages: Damage[];
}

/** What lanes did in a range, exactly. */
export interface RangeStats {
  from: number;
  to: number;
  lanes: { id: number; totals: Record<string, number> }[];
  /** State held: the lane was held by `resource`; waits: the lane waited for the GIL `resource`. */
  holdings: { lane: number[]; state: number[]; resource: number[]; ns: number[] };
  /** The longest waits with whom they are to be blamed on, which may be too much to look at. */
  waits: { span: WireSpan; blame: { holder: number[]; ns: number[] } | null }[];
  damages: Damage[];
}

export interface RunLanes {
  states: string[];
  instants: string[];
  counters: string[];
  sites: string[];
  known_until: number | null;
  items: Lane[];
}

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

/** A sentence in English, and what it is made of. */
export interface ProblemSentence {
  detail: string;
  message: string;
  values: string[];
}

export interface ProblemDetail extends ProblemSentence {
  pointer: string;
}

export interface Problem extends ProblemSentence {
  /** The last word of its type: "invalid", "limit". */
  kind: string;
  title: string;
  status: number;
  errors: ProblemDetail[];
}

export class ApiError extends Error {
  /** null: the server did not answer. */
  readonly problem: Problem | null;

  constructor(problem: Problem | null) {
    super(problem ? problem.detail || problem.title : "network");
    this.problem = problem;
  }

  /** The server does not answer, or is about to stop. */
  get isAway(): boolean {
    return this.problem === null || this.problem.status === 503;
  }

  get isMissing(): boolean {
    return this.problem?.status === 404;
  }
}

const BASE = "/api/v1";

let signedOut: () => void = () => undefined;

/** `hook` is called whenever the server demands its token. */
export function onSignedOut(hook: () => void): void {
  signedOut = hook;
}

function readSentence({ detail, message, values }: Partial<ProblemSentence>): ProblemSentence {
  return {
    detail: typeof detail === "string" ? detail : "",
    message: typeof message === "string" ? message : "",
    values: Array.isArray(values) ? values.map(String) : [],
  };
}

function readProblem(status: number, body: unknown): Problem {
  const fields =
    typeof body === "object" && body !== null ? (body as Partial<Problem> & { type?: unknown }) : {};
  const errors = Array.isArray(fields.errors) ? fields.errors : [];
  return {
    ...readSentence(fields),
    kind: String(fields.type ?? "").split(":").at(-1) ?? "",
    title: typeof fields.title === "string" ? fields.title : `HTTP ${status}`,
    status,
    errors: errors.map((error) => ({
      ...readSentence(error),
      pointer: String(error.pointer ?? "").replace(/^#/, ""),
    })),
  };
}

async function request<T>(path: string, init: RequestInit = {}, base = BASE): Promise<T> {
  let response: Response;
  try {
    response = await (takeEarly(base + path) ?? fetch(base + path, init));
  } catch (reason) {
    if (reason instanceof DOMException && reason.name === "AbortError") throw reason;
    throw new ApiError(null);
  }
  if (response.status === 204) return undefined as T;
  const body: unknown = await response.json().catch(() => null);
  if (response.status === 401) signedOut();
  if (!response.ok) throw new ApiError(readProblem(response.status, body));
  if (body === null) throw new ApiError(readProblem(response.status, null));
  return body as T;
}

const id = encodeURIComponent;

export async function getPresets(): Promise<Preset[]> {
  return (await request<{ items: Preset[] }>("/presets")).items;
}

export function getContract(): Promise<OpenApi> {
  return request<OpenApi>("/openapi.json", {}, "");
}

/** With those parameters only that the page reads: of all of them it would be half a megabyte. */
export function getModels(): Promise<Models> {
  return request<Models>("/models?parameters=cores");
}

export async function getMetrics(): Promise<MetricInfo[]> {
  return (await request<{ items: MetricInfo[] }>("/metrics")).items;
}

function sendJson<T>(
  method: "POST" | "PUT" | "PATCH",
  path: string,
  body: string,
  signal?: AbortSignal,
): Promise<T> {
  return request<T>(path, {
    method,
    headers: { "content-type": "application/json" },
    body,
    ...(signal ? { signal } : {}),
  });
}

/** `document` goes out as the user wrote it: the server is the judge of it. */
function postJson<T>(path: string, body: string, signal?: AbortSignal): Promise<T> {
  return sendJson<T>("POST", path, body, signal);
}

/** The browser then has a cookie; the token itself is kept nowhere. */
export function signIn(token: string): Promise<void> {
  return postJson<void>("/session", JSON.stringify({ token }));
}

/** `document` goes out as the user wrote it: the server is the judge of it. */
export function createExperiment(document: string): Promise<Experiment> {
  return postJson<Experiment>("/experiments", document);
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

/** JSON Schema of documents. */
export function getSchema(): Promise<unknown> {
  return request<unknown>("/schema");
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

export function getAdvice(experiment: string): Promise<ExperimentAdvice> {
  return request<ExperimentAdvice>(`/experiments/${id(experiment)}/advice`);
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

/** Null while they are being made; ask again then. */
export async function getRunFindings(run: string): Promise<Findings | null> {
  return (await request<{ findings: Findings | null }>(`/runs/${id(run)}/findings`)).findings;
}

/** Null while it is being made; ask again then. */
export async function getRunSpeedup(run: string): Promise<Speedup | null> {
  return (await request<{ speedup: Speedup | null }>(`/runs/${id(run)}/speedup`)).speedup;
}

/** Runs the cell of a run again with its document changed. */
export function runWhatIf(run: string, patch: readonly PatchOperation[]): Promise<Experiment> {
  return postJson<Experiment>(`/runs/${id(run)}/what-if`, JSON.stringify({ patch }));
}

export function getRunLanes(run: string): Promise<RunLanes> {
  return request<RunLanes>(`/runs/${id(run)}/lanes`);
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

/** Who had what these lanes waited for. */
export function getBlame(
  run: string,
  { from, to }: Viewport,
  waiters: readonly number[],
): Promise<WireBlame> {
  const query = `from=${from}&to=${to}&waiters=${waiters.join(",")}`;
  return request<WireBlame>(`/runs/${id(run)}/blame?${query}`);
}

/** What a lane did at an instant. */
export function getSpanAt(run: string, lane: number, at: number): Promise<SpanDetail> {
  return request<SpanDetail>(`/runs/${id(run)}/spans/at?lane=${lane}&at=${at}`);
}

/** The last span of a lane in one of these states that ends at `at` or before. */
export function getSpanBefore(
  run: string,
  lane: number,
  at: number,
  states: readonly string[],
): Promise<{ span: WireSpan | null; damages: Damage[] }> {
  const query = `lane=${lane}&at=${at}&direction=previous&states=${states.join(",")}`;
  return request(`/runs/${id(run)}/spans/next?${query}`);
}

/** What all lanes did between two times, with so many of the longest waits. */
export function getRange(
  run: string,
  { from, to }: Viewport,
  waits: number,
  signal: AbortSignal,
): Promise<RangeStats> {
  return request(`/runs/${id(run)}/range?from=${from}&to=${to}&waits=${waits}`, { signal });
}

/** Spans that are all that is asked for, in the order of time; `after` is the page before's. */
export function searchSpans(
  run: string,
  { name, state, least }: FindQuery,
  after: string | null,
): Promise<{ items: WireSpan[]; next: string | null; damages: Damage[] }> {
  const params = new URLSearchParams({ limit: "1000", least: String(least) });
  if (name !== "") params.set("name", name);
  if (state !== "") params.set("states", state);
  if (after !== null) params.set("after", after);
  return request(`/runs/${id(run)}/spans?${params.toString()}`);
}

export async function listNotes(run: string): Promise<Note[]> {
  return (await request<{ items: Note[] }>(`/runs/${id(run)}/notes`)).items;
}

export function addNote(run: string, { text, from, to, lane }: NoteDraft): Promise<Note> {
  return postJson<Note>(`/runs/${id(run)}/notes`, JSON.stringify({ text, from, to, lane }));
}

export function changeNote(note: string, { text, from, to, lane }: NoteDraft): Promise<Note> {
  return sendJson<Note>("PUT", `/notes/${id(note)}`, JSON.stringify({ text, from, to, lane }));
}

export function deleteNote(note: string): Promise<void> {
  return request<void>(`/notes/${id(note)}`, { method: "DELETE" });
}
