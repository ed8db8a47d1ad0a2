// SPDX-License-Identifier: MIT
// The languages of the page, and which of them a reader prefers.

export type Language = "en" | "pl";

export const LANGUAGES: readonly Language[] = ["en", "pl"];

/** The first language of the reader's list that the page speaks. */
export function preferredLanguage(tags: readonly string[]): Language {
  for (const tag of tags) {
    const base = tag.toLowerCase().split("-")[0];
    const found = LANGUAGES.find((language) => language === base);
    if (found) return found;
  }
  return "en";
}
