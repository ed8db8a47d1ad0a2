// SPDX-License-Identifier: MIT
// What the server says in English, in the reader's language as far as this page knows it.

import { reasonOf } from "../lib/reasons";
import { translateIfKnown } from "../i18n/translate";
import { language } from "../state/preferences";

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

/** Why something did not become what it should. */
export function reasonWords(reason: string): Words {
  const known = reasonOf(reason);
  const text = known && translateIfKnown(language.value, known.key, known.values);
  return text ? { text } : { text: reason, lang: "en" };
}
