// SPDX-License-Identifier: MIT
// What the browser keeps for the page: the language and the theme that somebody chose, and the
// documents being written. Where storage is refused (private windows) it keeps nothing.

import { type Language, LANGUAGES, preferredLanguage } from "../lib/language";

export type ThemeChoice = "system" | "light" | "dark";
export type Theme = "light" | "dark";

const LANGUAGE_KEY = "gilscope.language";
const THEME_KEY = "gilscope.theme";

type Store = "localStorage" | "sessionStorage";

function load(store: Store, key: string): string | null {
  try {
    return globalThis[store].getItem(key);
  } catch {
    return null;
  }
}

function save(store: Store, key: string, value: string | null): void {
  try {
    if (value === null) globalThis[store].removeItem(key);
    else globalThis[store].setItem(key, value);
  } catch {
    // Storage is off or full; what it would keep lives until the page goes.
  }
}

/** What was chosen, else what the browser says. */
export function keptLanguage(): Language {
  const kept = LANGUAGES.find((language) => language === load("localStorage", LANGUAGE_KEY));
  return kept ?? preferredLanguage(navigator.languages ?? [navigator.language]);
}

export function keepLanguage(choice: Language): void {
  save("localStorage", LANGUAGE_KEY, choice);
  askFor(choice);
}

const YEAR_S = 365 * 24 * 3600;

/** From now on the first page comes in that language, whatever the browser asks for: the server
 * reads the cookie (server/http/static_file.c). */
export function askFor(language: Language): void {
  try {
    document.cookie = `gilscope_language=${language}; path=/; max-age=${YEAR_S}; samesite=lax`;
  } catch {
    // Cookies are off; the first page is then empty until its script is there.
  }
}

export function keptTheme(): ThemeChoice {
  const kept = load("localStorage", THEME_KEY);
  return kept === "light" || kept === "dark" ? kept : "system";
}

export function keepTheme(choice: ThemeChoice): void {
  save("localStorage", THEME_KEY, choice);
}

/** The document of the own question, as `openDocument` knows it. */
export const OWN_KEY = "own";

const draftKey = (key: string): string => `gilscope.draft.${key}`;

/** Null: it stands as it was opened. */
export function keptDraft(key: string): string | null {
  return load("sessionStorage", draftKey(key));
}

export function keepDraft(key: string, text: string | null): void {
  save("sessionStorage", draftKey(key), text);
}
