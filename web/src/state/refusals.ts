// SPDX-License-Identifier: MIT
// How the server's refusals are said in the reader's language. English has no catalogue: the
// server's own sentences are English. It is fetched beforehand, for a server that has gone away
// cannot give it, and nothing waits for it.

import { effect, signal } from "@preact/signals";
import type { Language } from "../i18n/translate";
import type { Refusals } from "../lib/refusal";
import { language } from "./preferences";

const loaders: Partial<Record<Language, () => Promise<Refusals>>> = {
  pl: async () => (await import("../i18n/refusals-pl")).refusals,
};

/** null: none, or not yet. */
export const refusals = signal<Refusals | null>(null);

effect(() => {
  const wanted = language.value;
  refusals.value = null;
  loaders[wanted]?.().then(
    (found) => {
      if (language.peek() === wanted) refusals.value = found;
    },
    () => undefined, // The server's own words have to do.
  );
});
