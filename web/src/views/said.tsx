// SPDX-License-Identifier: MIT
// What the server says in English, in the reader's language as far as this page knows it.

import type { ApiError, ProblemSentence } from "../api";
import { reasonOf } from "../lib/reasons";
import { refusalSaying, refusalText } from "../lib/refusal";
import { translateIfKnown } from "../i18n/translate";
import { language, t } from "../state/preferences";
import { refusals } from "../state/refusals";

/** A text in the reader's language, or the server's own. */
export interface Words {
  text: string;
  lang?: "en";
}

export function Said({ words, className }: { words: Words; className?: string }) {
  const { text, lang } = words;
  return (
    <span {...(lang ? { lang } : {})} {...(className ? { class: className } : {})}>
      {text}
    </span>
  );
}

/** Of a refusal that was stored as text, with or without the place that it is about. */
function storedWords(reason: string): string | null {
  const known = refusals.value;
  const [, place = "", detail = ""] = /^(\/\S*: )?(.*)$/s.exec(reason) ?? [];
  const refusal = known && refusalSaying(detail, known);
  const text = refusal && refusalText(refusal, known, language.value);
  return text === null ? null : place + text;
}

/** Why something did not become what it should. */
export function reasonWords(reason: string): Words {
  const known = reasonOf(reason);
  const text = (known && translateIfKnown(language.value, known.key, known.values)) || storedWords(reason);
  return text ? { text } : { text: reason, lang: "en" };
}

/** Something that the model leaves out. */
export function leftOutWords(said: string): Words {
  const text = refusals.value?.notModelled[said];
  return text ? { text } : { text: said, lang: "en" };
}

/** One sentence of a refusal, which may be a reason that the server has stored. */
export function refusalWords(refusal: ProblemSentence): Words {
  const known = refusals.value;
  const text = known && refusalText(refusal, known, language.value);
  return text ? { text } : reasonWords(refusal.detail);
}

/** What went wrong: no answer at all, a refusal, or an answer that is none. */
export function errorWords({ problem }: ApiError): Words {
  if (!problem) return { text: t("error.network") };
  if (!problem.detail) return { text: problem.status ? problem.title : t("error.unexpected") };
  const words = refusalWords(problem);
  const kind = words.lang && refusals.value?.kinds[problem.kind];
  return kind ? { text: kind } : words;
}

export function ErrorText({ error }: { error: ApiError }) {
  return <Said words={errorWords(error)} />;
}
