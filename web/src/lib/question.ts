// SPDX-License-Identifier: MIT
// A document as a sentence: how many jobs, what each of them does, on how many cores, under
// which runtimes and strategies. Reads what the sentence can say out of a document, and changes
// its text where the sentence is changed; what it does not speak about stays as it is.
//
// Several steps of a kind are said as their sum and changed in proportion, and so are times
// that are drawn from a distribution, which are said as what is typical of it.

import { isRecord } from "./grid";
import { insertBefore, removeValue, setValue } from "./json-edit";
import { labelOf } from "./label";
import { followWork, type Pool, poolsOf, severalSizes, setSizes, sizesFor, type Work } from "./pools";
import { isSwept, sweptPointers } from "./sweep";

export type FieldName =
  | "count"
  | "rate"
  | "seconds"
  | "python"
  | "wait"
  | "c"
  | "share"
  | "cores"
  | "workers"
  | "interval";

/** Why a field cannot be changed here, or what a change of it means. */
export type FieldNote = "swept" | "differs" | "unread" | "several" | "drawn";

export interface Field {
  /** Milliseconds of python, wait and c; percent of share; null: nothing to be said. */
  value: number | null;
  editable: boolean;
  note: FieldNote | null;
}

export interface Question {
  /** How the work is given; "none": not yet. */
  work: "count" | "arrivals" | "actors" | "none";
  fields: Record<FieldName, Field>;
  runtimes: { pointer: string; label: string; base: string }[];
  pools: readonly Pool[];
  /** Kinds of steps that the sentence does not speak about. */
  otherSteps: string[];
  /** Pointers that the sweep sets. */
  swept: string[];
}

/** What the server's models say, as far as it is known. */
export interface QuestionDefaults {
  cores: number | null;
  /** Names of runtimes that have a switch interval. */
  withInterval: ReadonlySet<string>;
}

export const DEFAULT_INTERVAL_US = 5000;

const STEPS = "/workload/jobs/steps";
const MS = 1000;
/* Those whose number is that of workers, each busy with one job. */
const WORKERS: readonly string[] = ["threads", "processes", "interpreters"];

/** The document that waits for the reader's own numbers: every kind of pool in every size that
 * is worth trying. It is named by what it asks when it is sent. */
export function ownQuestion(): unknown {
  const work: Work = { cores: 4, jobs: 200, waits: true };
  const sizes = sizesFor(work);
  const pools = ["threads", "asyncio", "processes", "interpreters"].flatMap((kind) =>
    sizes.map((size) => ({ [kind]: size })),
  );
  // As web servers do it: a process for each core, and in each many jobs at a time.
  const servers = [{ asyncio: 100 }, { threads: 32 }].map((each) => ({ processes: work.cores, each }));
  return {
    schema: 1,
    seed: 1,
    repetitions: 3,
    goal: "makespan_us",
    workload: { jobs: { count: work.jobs, steps: [{ python_us: 2000 }, { io_us: 50000 }] } },
    machine: { profile: "linux-desktop", cores: work.cores },
    reference: "cpython-3.12",
    runtimes: ["cpython-3.14", "cpython-3.14t"],
    strategies: ["sequential", ...pools, ...servers],
  };
}

/* --- times ------------------------------------------------------------------------------ */

const LOCATIONS: Record<string, readonly string[]> = {
  constant: ["value"],
  uniform: ["min", "max"],
  exponential: ["mean"],
  lognormal: ["median"],
  pareto: ["min"],
  empirical: ["values_us"],
};

function round(us: number): number {
  return Math.round(us * 1000) / 1000;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** What is typical of a time, in its unit; NaN when it cannot be read. */
export function typicalTime(time: unknown): number {
  if (typeof time === "number") return time;
  if (!isRecord(time)) return NaN;
  const parts = (LOCATIONS[String(time.dist)] ?? []).flatMap((key) => time[key]);
  return parts.length > 0 && parts.every((part) => typeof part === "number") ? mean(parts as number[]) : NaN;
}

/** The same law, `factor` times as long. */
export function scaleTime(time: unknown, factor: number): unknown {
  if (typeof time === "number") return round(time * factor);
  if (Array.isArray(time)) return time.map((value) => scaleTime(value, factor));
  if (!isRecord(time)) return time;
  const scaled = LOCATIONS[String(time.dist)] ?? [];
  return Object.fromEntries(
    Object.entries(time).map(([key, value]) => [key, scaled.includes(key) ? scaleTime(value, factor) : value]),
  );
}

/* --- steps ------------------------------------------------------------------------------ */

type StepKind = "python" | "wait" | "free" | "held";

interface Timed {
  kind: StepKind;
  /** The member with the time. */
  key: string;
  pointer: string;
  time: unknown;
}

function stepsOf(document: unknown): readonly unknown[] {
  const workload = isRecord(document) ? document.workload : null;
  const jobs = isRecord(workload) ? workload.jobs : null;
  return isRecord(jobs) && Array.isArray(jobs.steps) ? jobs.steps : [];
}

function timedStep(step: unknown, index: number): Timed | null {
  if (!isRecord(step)) return null;
  const key = ["python_us", "io_us", "sleep_us", "c_us"].find((name) => name in step);
  if (key === undefined) return null;
  const call = step.gil === "released" ? "free" : "held";
  const kind = key === "python_us" ? "python" : key === "c_us" ? call : "wait";
  return { kind, key, pointer: `${STEPS}/${index}`, time: step[key] };
}

function timedSteps(document: unknown): Timed[] {
  return stepsOf(document).flatMap((step, index) => timedStep(step, index) ?? []);
}

function sumOf(steps: readonly Timed[]): number {
  return steps.reduce((sum, { time }) => sum + typicalTime(time), 0);
}

/* --- reading ---------------------------------------------------------------------------- */

const LOCKED: Field = { value: null, editable: false, note: null };

function numberField(value: unknown, pointer: string, swept: readonly string[]): Field {
  if (isSwept(swept, pointer)) return { value: typeof value === "number" ? value : null, editable: false, note: "swept" };
  if (value === undefined || typeof value === "number") return { value: value ?? null, editable: true, note: null };
  return { ...LOCKED, note: "unread" };
}

function timeField(steps: readonly Timed[], swept: readonly string[]): Field {
  const total = sumOf(steps);
  if (Number.isNaN(total)) return { ...LOCKED, note: "unread" };
  const value = round(total) / MS;
  if (steps.some(({ pointer }) => isSwept(swept, pointer))) return { value, editable: false, note: "swept" };
  const drawn = steps.some(({ time }) => typeof time !== "number");
  return { value, editable: true, note: drawn ? "drawn" : steps.length > 1 ? "several" : null };
}

function shareField(free: Field, held: Field): Field {
  const total = (free.value ?? 0) + (held.value ?? 0);
  const value = total > 0 ? Math.round((100 * (free.value ?? 0)) / total) : 100;
  return { value, editable: free.editable && held.editable && total > 0, note: null };
}

function callField(free: Field, held: Field): Field {
  const note = free.note ?? held.note;
  if (free.value === null || held.value === null) return { ...LOCKED, note };
  return { value: round(free.value + held.value), editable: free.editable && held.editable, note };
}

function baseOf(runtime: unknown): string {
  const base = isRecord(runtime) ? runtime.base : runtime;
  return typeof base === "string" ? base : "";
}

function intervalOf(runtime: unknown): number {
  const own = isRecord(runtime) ? runtime.switch_interval_us : undefined;
  return typeof own === "number" ? own : DEFAULT_INTERVAL_US;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/* Pools of several sizes are no one number. */
function workersField(pools: readonly Pool[], swept: readonly string[]): Field {
  const sizes = pools.flatMap((pool) => (WORKERS.includes(pool.kind) ? pool.sizes : []));
  if (sizes.length === 0 || severalSizes(pools).length > 0) return LOCKED;
  if (isSwept(swept, "/strategies")) return { ...LOCKED, note: "swept" };
  return { value: Math.max(...sizes), editable: true, note: null };
}

function intervalField(runtimes: readonly unknown[], known: QuestionDefaults, swept: readonly string[]): Field {
  const with_ = runtimes.filter((runtime) => known.withInterval.has(baseOf(runtime)));
  if (with_.length === 0) return LOCKED;
  if (isSwept(swept, "/runtimes")) return { ...LOCKED, note: "swept" };
  const values = new Set(with_.map(intervalOf));
  return values.size > 1 ? { ...LOCKED, note: "differs" } : { value: [...values][0] ?? null, editable: true, note: null };
}

/** Null when it is no document at all. */
export function readQuestion(document: unknown, known: QuestionDefaults): Question | null {
  if (!isRecord(document)) return null;
  const workload = isRecord(document.workload) ? document.workload : {};
  const jobs = isRecord(workload.jobs) ? workload.jobs : {};
  const machine = isRecord(document.machine) ? document.machine : {};
  const arrivals = isRecord(jobs.arrivals) ? jobs.arrivals : {};
  const swept = sweptPointers(document);
  const steps = timedSteps(document);
  const isJobs = isRecord(workload.jobs);
  const of = (kind: StepKind): Field =>
    isJobs ? timeField(steps.filter((step) => step.kind === kind), swept) : LOCKED;
  const work = isJobs ? (jobs.arrivals === undefined ? "count" : "arrivals") : Array.isArray(workload.actors) ? "actors" : "none";
  const given = (member: string, as: Question["work"]): Field => {
    const value = as === "arrivals" ? arrivals[member] : jobs[member];
    const place = as === "arrivals" ? "/workload/jobs/arrivals" : "/workload/jobs";
    return work === as ? numberField(value, `${place}/${member}`, swept) : LOCKED;
  };
  const pools = poolsOf(document);
  const cores = numberField(machine.cores, "/machine/cores", swept);
  const others = stepsOf(document).filter((step, index) => timedStep(step, index) === null);
  return {
    work,
    fields: {
      count: given("count", "count"),
      rate: given("rate_per_s", "arrivals"),
      seconds: given("for_s", "arrivals"),
      python: of("python"),
      wait: of("wait"),
      c: callField(of("free"), of("held")),
      share: shareField(of("free"), of("held")),
      cores: { ...cores, value: cores.value ?? (cores.note === null ? known.cores : null) },
      workers: workersField(pools, swept),
      interval: intervalField(list(document.runtimes), known, swept),
    },
    runtimes: list(document.runtimes).map((runtime, index) => ({
      pointer: `/runtimes/${index}`,
      label: labelOf(runtime),
      base: baseOf(runtime),
    })),
    pools,
    otherSteps: [...new Set(others.map((step) => (isRecord(step) ? (Object.keys(step)[0] ?? "") : "")))],
    swept,
  };
}

/* --- which field stands for a number ------------------------------------------------------ */

interface FieldAt {
  name: FieldName;
  /** The document's number is so many times the field's. */
  factor: number;
  /** Whether the field says just this number, and not a sum or what is typical of a law. */
  isWhole: boolean;
}

const FIELD_AT: Record<string, FieldName> = {
  "/workload/jobs/count": "count",
  "/workload/jobs/arrivals/rate_per_s": "rate",
  "/workload/jobs/arrivals/for_s": "seconds",
  "/machine/cores": "cores",
};
const FIELD_OF_STEP = { python: "python", wait: "wait", free: "c", held: "c" } as const;

/** Null where the sentence has none for it. */
export function fieldAt(document: unknown, pointer: string): FieldAt | null {
  const plain = Object.hasOwn(FIELD_AT, pointer) ? FIELD_AT[pointer] : undefined;
  if (plain) return { name: plain, factor: 1, isWhole: true };
  const steps = timedSteps(document);
  const step = steps.find((each) => `${pointer}/`.startsWith(`${each.pointer}/${each.key}/`));
  if (!step) return null;
  const name = FIELD_OF_STEP[step.kind];
  const isAlone = steps.filter(({ kind }) => FIELD_OF_STEP[kind] === name).length === 1;
  return { name, factor: MS, isWhole: isAlone && typeof step.time === "number" };
}

/* --- changing --------------------------------------------------------------------------- */

const NEW_STEPS: Record<StepKind, (us: number) => Record<string, unknown>> = {
  python: (python_us) => ({ python_us }),
  wait: (io_us) => ({ io_us }),
  free: (c_us) => ({ c_us, gil: "released" }),
  held: (c_us) => ({ c_us, gil: "held" }),
};

/* Python comes first; a sweep knows the steps by their numbers, which then stay. */
function addStep(text: string, document: Record<string, unknown>, kind: StepKind, us: number): string {
  const first = kind === "python" && !isSwept(sweptPointers(document), STEPS);
  const step = NEW_STEPS[kind](us);
  return first && stepsOf(document).length > 0
    ? insertBefore(text, `${STEPS}/0`, step)
    : setValue(text, `${STEPS}/${stepsOf(document).length}`, step);
}

/** All steps of a kind together take so many microseconds. */
function setTime(text: string, kind: StepKind, us: number): string {
  const document = JSON.parse(text) as Record<string, unknown>;
  const steps = timedSteps(document).filter((step) => step.kind === kind);
  const total = sumOf(steps);
  if (steps.length === 0) return us > 0 ? addStep(text, document, kind, us) : text;
  const mayGo = us === 0 && steps.length < stepsOf(document).length && !isSwept(sweptPointers(document), STEPS);
  // From the last to the first, since what is taken away moves what comes after it.
  return steps.reduceRight((now, { pointer, key, time }, index) => {
    if (mayGo) return removeValue(now, pointer);
    const share = total > 0 ? scaleTime(time, us / total) : index === 0 ? us : time;
    return setValue(now, `${pointer}/${key}`, steps.length === 1 && typeof time === "number" ? us : share);
  }, text);
}

function setCall(text: string, us: number, percent: number): string {
  const free = round((us * percent) / 100);
  // What grows comes first, so that there is a step as long as there is something to say.
  const one = setTime(text, free > 0 ? "free" : "held", free > 0 ? free : round(us - free));
  return setTime(one, free > 0 ? "held" : "free", free > 0 ? round(us - free) : 0);
}

function setWorkers(text: string, question: Question, count: number): string {
  return question.pools
    .filter(({ kind }) => WORKERS.includes(kind))
    .reduce((now, pool) => setSizes(now, pool, [count]), text);
}

/** What is known of the work; null when that is too little to say which sizes to try. */
export function workOf({ work, fields }: Question): Work | null {
  const cores = fields.cores.value;
  if (cores === null || (work !== "count" && work !== "arrivals")) return null;
  const waits = work === "arrivals" || fields.wait.value === null || fields.wait.value > 0;
  return { cores, jobs: work === "count" ? fields.count.value : null, waits };
}

/* A sweep knows the strategies by their numbers. */
function follow(text: string, question: Question, known: QuestionDefaults): string {
  const before = workOf(question);
  const now = readQuestion(JSON.parse(text) as unknown, known);
  const after = now && workOf(now);
  return before && after && !isSwept(question.swept, "/strategies") ? followWork(text, before, after) : text;
}

/* A runtime as it is has no member of its own for what it does anyway. */
function setInterval(text: string, known: QuestionDefaults, us: number): string {
  const { runtimes } = JSON.parse(text) as Record<string, unknown>;
  return list(runtimes).reduce<string>((now, runtime, index) => {
    const base = baseOf(runtime);
    if (!known.withInterval.has(base)) return now;
    const own = isRecord(runtime) ? { ...runtime, switch_interval_us: us } : { base, switch_interval_us: us };
    const isPlain = us === DEFAULT_INTERVAL_US && Object.keys(own).length === 2;
    return setValue(now, `/runtimes/${index}`, isPlain ? base : own);
  }, text);
}

function setOne(text: string, name: FieldName, value: number, question: Question, known: QuestionDefaults): string {
  const { c, share } = question.fields;
  switch (name) {
    case "count":
      return setValue(text, "/workload/jobs/count", value);
    case "rate":
      return setValue(text, "/workload/jobs/arrivals/rate_per_s", value);
    case "seconds":
      return setValue(text, "/workload/jobs/arrivals/for_s", value);
    case "python":
    case "wait":
      return setTime(text, name, round(value * MS));
    case "c":
      return setCall(text, round(value * MS), share.value ?? 100);
    case "share":
      return setCall(text, round((c.value ?? 0) * MS), value);
    case "cores":
      return setValue(text, "/machine/cores", value);
    case "workers":
      return setWorkers(text, question, value);
    case "interval":
      return setInterval(text, known, value);
  }
}

/** The text with another number in the field, which has to be editable; pools whose sizes follow
 * the work follow it. */
export function setField(text: string, name: FieldName, value: number, known: QuestionDefaults): string {
  const question = readQuestion(JSON.parse(text) as unknown, known);
  if (!question?.fields[name].editable) return text;
  return follow(setOne(text, name, value, question, known), question, known);
}

/** The text with the original's values of what one plays with; what else was changed stays. */
export function resetPlay(text: string, original: string, known: QuestionDefaults): string {
  const began = readQuestion(JSON.parse(original) as unknown, known);
  const names = ["cores", "interval", "share"] as const;
  const back = names.reduce((now, name) => {
    const value = began?.fields[name].value ?? null;
    return value === null ? now : setField(now, name, value, known);
  }, text);
  // Each pool has its own number of workers, though one slider sets them all.
  const pools = readQuestion(JSON.parse(back) as unknown, known)?.pools ?? [];
  return pools.reduce((now, pool) => {
    const before = began?.pools.find(({ places, kind }) => places[0] === pool.places[0] && kind === pool.kind);
    const isOne = before?.sizes.length === 1 && pool.sizes.length === 1;
    return before && isOne ? setSizes(now, pool, before.sizes) : now;
  }, back);
}

export function addRuntime(text: string, name: string): string {
  const { runtimes } = JSON.parse(text) as Record<string, unknown>;
  return setValue(text, `/runtimes/${list(runtimes).length}`, name);
}
