// SPDX-License-Identifier: MIT
// Messages with {parameters} and plural forms. English is the reference: every other catalogue
// has its keys, no more and no fewer (a test holds this), with the plural forms of its language.

import { formatPlain } from "../lib/format";
import type { Language } from "../lib/language";
import { en } from "./en";
import type { enFindings } from "./en-findings";

export { type Language, LANGUAGES, preferredLanguage } from "../lib/language";

export type Plural = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };
export type Message = string | Plural;
export type Catalogue = Record<string, Message>;
export type MessageKey = keyof typeof en | keyof typeof enFindings;
export type Values = Record<string, string | number>;

/* English is there from the beginning, but for what comes with its page; every other language
 * when somebody reads it. */
const english: Catalogue = { ...en };
const catalogues: Partial<Record<Language, Catalogue>> = { en: english };
const loaders: Record<Language, () => Promise<Catalogue>> = {
  en: () => Promise.resolve(english),
  pl: async () => (await import("./pl")).pl,
};

/** English that a page brings with it. */
export function addEnglish(messages: Catalogue): void {
  Object.assign(english, messages);
}

/** Has to come before a translation into `language`, which is English until then. */
export async function loadCatalogue(language: Language): Promise<Catalogue> {
  return (catalogues[language] ??= await loaders[language]());
}

const plurals: Partial<Record<Language, Intl.PluralRules>> = {};

function pluralForm(language: Language, count: number): Intl.LDMLPluralRule {
  return (plurals[language] ??= new Intl.PluralRules(language)).select(count);
}

function fill(text: string, values: Values, language: Language): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? formatPlain(value, language) : value;
  });
}

/** The message of `key`; a plural one picks its form by `values.count`. */
export function translate(language: Language, key: MessageKey, values: Values = {}): string {
  return translateIfKnown(language, key, values) ?? key;
}

/** For keys made from the server's words, which may be newer than this page. */
export function translateIfKnown(
  language: Language,
  key: string,
  values: Values = {},
): string | null {
  const catalogue: Catalogue = catalogues[language] ?? english;
  if (!Object.hasOwn(catalogue, key)) return null;
  const message = catalogue[key] as Message;
  if (typeof message === "string") return fill(message, values, language);
  const form = pluralForm(language, Number(values.count ?? 0));
  return fill(message[form] ?? message.other, values, language);
}

/** The first of the tags that is of the language; "en" alone means American dates. */
export function regionalTag(language: Language, tags: readonly string[]): string {
  return tags.find((tag) => tag.split("-", 1)[0] === language) ?? language;
}
