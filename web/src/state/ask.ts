// SPDX-License-Identifier: MIT
// The document being written on the Ask page, what is wrong with it, and sending it. The text is
// what there is: the form reads it, and changes it as the editor does.

import { computed, signal } from "@preact/signals";
import { ApiError, createExperiment, getExperiment, type ProblemDetail } from "../api";
import { formatDuration, formatNumber } from "../lib/format";
import { gridShape, isRecord } from "../lib/grid";
import { removeValue, setValue } from "../lib/json-edit";
import { prettyJson } from "../lib/json-pretty";
import { scanJson } from "../lib/json-scan";
import type { StrategyKind } from "../lib/label";
import { addPool, type Pool, removePool, setSizes, sizesFor } from "../lib/pools";
import {
  addRuntime,
  type FieldName,
  ownQuestion,
  type Question,
  type QuestionDefaults,
  readQuestion,
  resetPlay,
  setField,
  workOf,
} from "../lib/question";
import { models } from "./catalogue";
import { keepDraft, keptDraft, OWN_KEY } from "./kept";
import { language, t } from "./preferences";
import { trouble } from "./preview";
import { isPast } from "./reach";
import { asApiError, valueOf } from "./resource";

/** Where the document came from; null while none is chosen. */
export const source = signal<{ key: string; original: string } | null>(null);
export const draft = signal("");
/** Whether its last change was typed, so that another letter may follow soon. */
export const isTyped = signal(false);
export const sending = signal(false);
/** Counts the documents that were opened or begun anew: what was typed before is not about them. */
export const openings = signal(0);
export const refusal = signal<ApiError | null>(null);

/** It could not be sent, because the server is away. */
export const isLost = computed(() => {
  const error = refusal.value;
  return source.value !== null && error !== null && error.problem === null && !isPast(error);
});

/* What somebody has chosen holds for every document. */
const chosenShown = signal<boolean | null>(null);

/** Whether the text is beside the form: at first only where somebody comes for a document. */
export const isDocumentShown = {
  get value(): boolean {
    return chosenShown.value ?? source.value?.key !== OWN_KEY;
  },
  set value(isShown: boolean) {
    chosenShown.value = isShown;
  },
};

export const scan = computed(() => scanJson(draft.value));
export const changed = computed(
  () => source.value !== null && draft.value !== source.value.original,
);

/** The document as a value; undefined while it is no JSON. */
export const written = computed<unknown>(() =>
  scan.value.error ? undefined : (JSON.parse(draft.value) as unknown),
);
export const shape = computed(() => (scan.value.error ? null : gridShape(written.value)));

const DEFAULT_PROFILE = "linux-desktop";

const known = computed<QuestionDefaults>(() => {
  const { items = [], profiles = [] } = valueOf(models) ?? {};
  const document = written.value;
  const machine = isRecord(document) && isRecord(document.machine) ? document.machine : {};
  const profile = profiles.find(({ name }) => name === (machine.profile ?? DEFAULT_PROFILE));
  const cores = profile?.parameters.find(({ name }) => name === "cores")?.value;
  return {
    cores: typeof cores === "number" ? cores : null,
    withInterval: new Set(items.filter(({ gil }) => gil === "interval").map(({ name }) => name)),
  };
});

let lastQuestion: Question | null = null;

/** What the form says: while the text is no JSON, what it said before. */
export const question = computed<Question | null>(() => {
  if (!scan.value.error) lastQuestion = readQuestion(written.value, known.value);
  return source.value === null ? null : lastQuestion;
});

/** What the server has to say against the text, from a preview or from sending it. */
export const problems = computed<readonly ProblemDetail[]>(() => {
  const found = trouble.value;
  const error = refusal.value ?? (found?.text === draft.value && !found.isTooLarge ? found.error : null);
  return error?.problem?.errors ?? [];
});

export function openDocument(key: string, document: unknown): void {
  if (source.peek()?.key === key) return;
  const original = prettyJson(document);
  source.value = { key, original };
  openings.value += 1;
  draft.value = keptDraft(key) ?? original;
  refusal.value = null;
  isTyped.value = false;
}

/** The reader's own numbers. */
export function openOwnQuestion(): void {
  openDocument(OWN_KEY, ownQuestion());
}

export async function openDocumentOf(experiment: string): Promise<string | null> {
  try {
    const { name, document } = await getExperiment(experiment);
    openDocument(`experiment.${experiment}`, document);
    return name;
  } catch (reason) {
    refusal.value = asApiError(reason);
    return null;
  }
}

function changeDraft(text: string, byTyping: boolean): void {
  // What was refused is no longer what is written.
  if (text !== draft.peek()) refusal.value = null;
  isTyped.value = byTyping;
  draft.value = text;
  const from = source.peek();
  if (from) keepDraft(from.key, text === from.original ? null : text);
}

/** Types into the document. */
export function editDraft(text: string): void {
  changeDraft(text, true);
}

export function resetDraft(): void {
  const from = source.peek();
  if (from) changeDraft(from.original, false);
  openings.value += 1;
  refusal.value = null;
}

/* --- the form --------------------------------------------------------------------------- */

/* While the text is no JSON the form has nothing that it could change. */
function changeByForm(change: (text: string) => string): void {
  if (!scan.peek().error) changeDraft(change(draft.peek()), false);
}

export function changeField(name: FieldName, value: number): void {
  changeByForm((text) => setField(text, name, value, known.peek()));
}

/** The sliders stand as in the document that one began with. */
export function resetSliders(): void {
  const original = source.peek()?.original;
  if (original !== undefined) changeByForm((text) => resetPlay(text, original, known.peek()));
}

export function appendRuntime(name: string): void {
  changeByForm((text) => addRuntime(text, name));
}

/** Adds a pool in all sizes that are worth trying. */
export function appendPool(kind: StrategyKind): void {
  const asked = question.peek();
  const work = asked && workOf(asked);
  if (work) changeByForm((text) => addPool(text, kind, sizesFor(work)));
}

export function changeSizes(pool: Pool, sizes: readonly number[]): void {
  changeByForm((text) => setSizes(text, pool, sizes));
}

export function leaveOutPool(pool: Pool): void {
  changeByForm((text) => removePool(text, pool));
}

export function leaveOutRuntime(pointer: string): void {
  changeByForm((text) => removeValue(text, pointer));
}

/* --- sending ---------------------------------------------------------------------------- */

/** "500 × 5 ms Python + 50 ms waiting, 8 cores"; null where it cannot be said so shortly. */
function nameOf(asked: Question): string | null {
  const { count, rate, python, wait, c, cores } = asked.fields;
  const time = (ms: number): string => formatDuration(ms * 1e6, language.value);
  const parts = ([["python", python], ["wait", wait], ["c", c]] as const).flatMap(([name, { value }]) =>
    value !== null && value > 0 ? [t(`ask.name.${name}`, { time: time(value) })] : [],
  );
  if (parts.length === 0 || cores.value === null) return null;
  const work = parts.join(" + ");
  const on = t("ask.name.cores", { count: cores.value });
  const jobs = asked.work === "count" ? count.value : rate.value;
  if (jobs === null) return null;
  const said = { jobs: formatNumber(jobs, language.value), work, cores: on };
  return t(asked.work === "count" ? "ask.name.count" : "ask.name.arrivals", said);
}

/** The document as it is sent: one without a name is named by what it asks. */
function named(text: string): string {
  const document = written.peek();
  const asked = question.peek();
  const name = isRecord(document) && document.name === undefined && asked ? nameOf(asked) : null;
  return name === null ? text : setValue(text, "/name", name);
}

/** Sends the draft; the new experiment's id, or null when it was refused. */
export async function submitDraft(): Promise<string | null> {
  if (sending.peek() || scan.peek().error) return null;
  sending.value = true;
  refusal.value = null;
  try {
    return (await createExperiment(named(draft.peek()))).id;
  } catch (reason) {
    refusal.value = asApiError(reason);
    return null;
  } finally {
    sending.value = false;
  }
}
