// SPDX-License-Identifier: MIT
// What is wrong in the fields of the form, and why the document cannot be run as it is. A field's
// number may be refused by the server only: what it said of one number is kept in mind for the next
// one until it answers again, so that a mark does not come and go with each letter.

import { computed, signal } from "@preact/signals";
import type { ProblemDetail } from "../api";
import { type FieldPlace, poolPlace, type Refused, refusedField, stillHolds } from "../lib/field-refusal";
import { scanJson } from "../lib/json-scan";
import type { FieldName } from "../lib/question";
import { draft, problems, question, refusal, scan } from "./ask";
import { t } from "./preferences";
import { trouble } from "./preview";

/** Labels of the fields in which something is written that cannot be read. */
export const unreadFields = signal<ReadonlyMap<string, string>>(new Map());

export interface FieldRefusal extends Refused {
  problem: ProblemDetail;
}

/** The text that was refused last, and what the server had against it. */
const refused = computed<{ text: string; errors: readonly ProblemDetail[] } | null>(() => {
  const sent = refusal.value;
  if (sent) return { text: draft.value, errors: sent.problem?.errors ?? [] };
  const found = trouble.value;
  return found && !found.isTooLarge ? { text: found.text, errors: found.error.problem?.errors ?? [] } : null;
});

/** What is refused in a field. */
export const fieldRefusals = computed<ReadonlyMap<FieldPlace, FieldRefusal>>(() => {
  const found = new Map<FieldPlace, FieldRefusal>();
  const asked = question.value;
  const { text, errors } = refused.value ?? { text: "", errors: [] };
  if (!asked || errors.length === 0 || scanJson(text).error) return found;
  const document = JSON.parse(text) as unknown;
  const isSame = text === draft.value;
  for (const problem of errors) {
    const field = refusedField(document, problem);
    if (field && !found.has(field.place) && (stillHolds(field, asked) ?? isSame)) {
      found.set(field.place, { ...field, problem });
    }
  }
  return found;
});

/** Whether it is said beside a field. */
export function isSaidAtField(problem: ProblemDetail): boolean {
  const document = scan.value.error ? undefined : (JSON.parse(draft.value) as unknown);
  const field = document === undefined ? null : refusedField(document, problem);
  return field !== null && fieldRefusals.value.has(field.place);
}

function labelOf(place: FieldPlace): string {
  const pool = question.value?.pools.find((each) => poolPlace(each) === place);
  if (!pool) return t(`ask.field.${place as Exclude<FieldName, "workers" | "interval">}`);
  return pool.kind === "" || pool.kind === "sequential" ? "" : t(`ask.strategy.${pool.kind}.count`);
}

/** Why the document cannot be run as it is, in words; null: it can, as far as one knows. */
export const whyNotRun = computed<string | null>(() => {
  const fields = [...unreadFields.value.values(), ...[...fieldRefusals.value.keys()].map(labelOf)];
  if (scan.value.error) return t("ask.not.json");
  if (fields.length > 0) return t("ask.not.fields", { fields: [...new Set(fields)].join("; ") });
  const count = problems.value.length;
  return count > 0 ? t("ask.not.problems", { count }) : null;
});
