// SPDX-License-Identifier: MIT
// Language and theme: what the reader chose, else what the browser says.

import { computed, effect, signal } from "@preact/signals";
import {
  type Language,
  loadCatalogue,
  type MessageKey,
  regionalTag,
  translate,
  translateIfKnown,
  type Values,
} from "../i18n/translate";
import { keepLanguage, keepTheme, keptLanguage, keptTheme, type Theme, type ThemeChoice } from "./kept";

export type { Theme, ThemeChoice };

const systemDark = window.matchMedia("(prefers-color-scheme: dark)");
const systemTheme = signal<Theme>(systemDark.matches ? "dark" : "light");
systemDark.addEventListener("change", (event) => {
  systemTheme.value = event.matches ? "dark" : "light";
});

/** A language is chosen when its catalogue is there. */
export const language = signal<Language>("en");
/** The language as it is written where the reader lives, as far as the browser says: en-GB. */
export const locale = computed(() => regionalTag(language.value, navigator.languages));
export const themeChoice = signal<ThemeChoice>(keptTheme());
/** Paper is light. */
const printing = signal(false);
window.addEventListener("beforeprint", () => {
  printing.value = true;
});
window.addEventListener("afterprint", () => {
  printing.value = false;
});
export const theme = computed<Theme>(() => {
  if (printing.value) return "light";
  return themeChoice.value === "system" ? systemTheme.value : themeChoice.value;
});

effect(() => {
  document.documentElement.lang = language.value;
});
effect(() => {
  document.documentElement.dataset.theme = theme.value;
});

async function speak(choice: Language): Promise<void> {
  try {
    await loadCatalogue(choice);
    language.value = choice;
  } catch {
    // The server is away; the page goes on in the language that it has.
  }
}

/** Nothing is drawn before this has come, so that no page changes its language while read. */
export const languageReady: Promise<void> = speak(keptLanguage());

export function chooseLanguage(choice: Language): Promise<void> {
  keepLanguage(choice);
  return speak(choice);
}

export function chooseTheme(choice: ThemeChoice): void {
  themeChoice.value = choice;
  keepTheme(choice);
}

export function t(key: MessageKey, values?: Values): string {
  return translate(language.value, key, values);
}

/** The word for something the server named; `fallback` when this page has none. */
export function tServer(prefix: string, name: string, fallback: string): string {
  return translateIfKnown(language.value, `${prefix}.${name}`) ?? fallback;
}
