// SPDX-License-Identifier: MIT
// What the schema of documents says of a field, in the reader's language: its sentences are
// English, and another language is read when somebody opens the editor.

import { type Language, translate, translateIfKnown } from "../i18n/translate";
import { formatPlain } from "../lib/format";
import type { Range } from "../lib/schema-words";

type Sentences = Readonly<Record<string, string>>;

const loaders: Partial<Record<Language, () => Promise<Sentences>>> = {
  pl: async () => (await import("../i18n/schema-pl")).schemaWords,
};
const known: Partial<Record<Language, Sentences>> = {};

/** Where it cannot be read, the schema speaks for itself. */
export async function loadSchemaWords(language: Language): Promise<void> {
  if (known[language]) return;
  const sentences = await loaders[language]?.().catch(() => undefined);
  if (sentences) known[language] = sentences;
}

/** One sentence of the schema. */
export function meaningWords(language: Language, said: string): { text: string; lang?: "en" } {
  const sentences = known[language] ?? {};
  const text = Object.hasOwn(sentences, said) ? sentences[said] : undefined;
  return text === undefined ? { text: said, lang: "en" } : { text };
}

function typeWord(language: Language, type: string): string {
  return translateIfKnown(language, `schema.type.${type}`) ?? type;
}

/** "whole number, from 1 to 1,000, otherwise 1". */
export function rangeWords(language: Language, { types, limits, fallback }: Range): string {
  const [min, max] = (limits ?? []).map((limit) => formatPlain(limit, language));
  const words = types.map((type) => typeWord(language, type));
  return [
    words.length > 1
      ? translate(language, "schema.types", { types: words.slice(0, -1).join(", "), last: words.at(-1) ?? "" })
      : words.join(""),
    min === undefined || max === undefined ? "" : translate(language, "schema.limits", { min, max }),
    fallback === undefined ? "" : translate(language, "schema.default", { value: JSON.stringify(fallback) }),
  ]
    .filter(Boolean)
    .join(", ");
}
