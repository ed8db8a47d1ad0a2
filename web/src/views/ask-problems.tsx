// SPDX-License-Identifier: MIT
// What is wrong with the document: in the server's words with a JSON pointer, or not JSON at all.
// The place is one click away.

import type { ProblemDetail } from "../api";
import { findPlace, lineOf } from "../lib/json-scan";
import { draft, isDocumentShown, isLost, problems, refusal, scan } from "../state/ask";
import { isSaidAtField } from "../state/ask-fields";
import { t } from "../state/preferences";
import { trouble } from "../state/preview";
import { isPast } from "../state/reach";
import { ErrorText, refusalWords, Said } from "./said";

interface ProblemsProps {
  goTo(start: number, end: number): void;
}

/** Beside the document all of them, each at its place; else those that no field of the form says. */
function problemsShown(): readonly ProblemDetail[] {
  const all = problems.value;
  return isDocumentShown.value ? all : all.filter((problem) => !isSaidAtField(problem));
}

function ProblemList({ items, goTo }: ProblemsProps & { items: readonly ProblemDetail[] }) {
  return (
    <ul class="problems">
      {items.map((problem) => {
        const { pointer, detail } = problem;
        const place = findPlace(scan.value, pointer);
        return (
          <li key={pointer + detail}>
            <button
              type="button"
              class="problem"
              onClick={() => place && goTo(place.keyStart, place.end)}
            >
              <code class="problem-pointer">{pointer || t("ask.wholeDocument")}</code>
              {place && (
                <span class="problem-line">
                  {t("ask.goto", { line: String(lineOf(draft.value, place.keyStart)) })}
                </span>
              )}
              <Said words={refusalWords(problem)} className="problem-text" />
            </button>
          </li>
        );
      })}
    </ul>
  );
}

function SyntaxNotice({ goTo }: ProblemsProps) {
  const { error } = scan.value;
  if (!error) return null;
  const line = lineOf(draft.value, error.offset);
  const problem = t(`json.${error.problem}`);
  return (
    <section class="notice is-warning">
      <h3 class="notice-title">{t("ask.invalid")}</h3>
      <button type="button" class="problem" onClick={() => goTo(error.offset, error.offset + 1)}>
        <span class="problem-text">{t("json.line", { line: String(line), problem })}</span>
      </button>
    </section>
  );
}

/** What a preview could not, which is no fault of the text, is said there. */
export function AskProblems({ goTo }: ProblemsProps) {
  const items = problemsShown();
  const found = trouble.value;
  const refused = refusal.value && !isPast(refusal.value) ? refusal.value : null;
  const error = refused ?? (items.length > 0 && found ? found.error : null);
  if (scan.value.error) return <SyntaxNotice goTo={goTo} />;
  const isSaid = items.length === 0 && problems.value.length > 0;
  if (!error || isLost.value || isSaid) return null;
  return (
    <section class="notice is-error" role="alert">
      <h3 class="notice-title">
        {items.length > 0
          ? t("ask.refused", { count: items.length })
          : error.problem
            ? t("ask.refused.title")
            : t("error.title")}
      </h3>
      {items.length > 0 ? (
        <ProblemList items={items} goTo={goTo} />
      ) : (
        <p>
          <ErrorText error={error} />
        </p>
      )}
    </section>
  );
}

/** Lines with something to correct, 1-based. */
export function markedLines(): Set<number> {
  const marked = new Set<number>();
  const text = draft.value;
  const { error } = scan.value;
  if (error) marked.add(lineOf(text, error.offset));
  for (const { pointer } of problems.value) {
    const place = findPlace(scan.value, pointer);
    if (place) marked.add(lineOf(text, place.keyStart));
  }
  return marked;
}
