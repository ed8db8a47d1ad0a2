// SPDX-License-Identifier: MIT
// The server's refusals in another language: its sentences come with their values taken out
// (`message` and `values` of a problem), so that a catalogue can say them in its own way.

/** What a catalogue holds; each text says where the values stand in it. */
export interface Refusals {
  /** By `message`. */
  readonly sentences: Readonly<Record<string, string>>;
  /** Values that are words themselves, such as "a list": by their text, with {0} for any part. */
  readonly phrases: Readonly<Record<string, string>>;
  /** By the last word of the problem's type, when the sentence is not known. */
  readonly kinds: Readonly<Record<string, string>>;
  /** What the model leaves out, by the server's text. */
  readonly notModelled: Readonly<Record<string, string>>;
}

export interface Refusal {
  message: string;
  values: readonly string[];
}

const HOLE = /\{([np]?)(\d)\}/g;

function numberText(value: string, language: string): string {
  const number = Number(value);
  return value !== "" && Number.isFinite(number) ? number.toLocaleString(language) : value;
}

/** The parts of `value` when it is like `pattern`, in which {0} and {1} are anything. */
function partsOf(pattern: string, value: string): string[] | null {
  const escaped = pattern.replace(/[.*+?^$()[\]|\\]/g, "\\$&").replace(/\{\d\}/g, "(.*)");
  return new RegExp(`^${escaped.replace(/\{(?!\d)/g, "\\{")}$`).exec(value)?.slice(1) ?? null;
}

function phraseText(value: string, refusals: Refusals, language: string): string {
  if (Object.hasOwn(refusals.phrases, value)) return refusals.phrases[value] ?? value;
  for (const [pattern, text] of Object.entries(refusals.phrases)) {
    const parts = pattern.includes("{0}") ? partsOf(pattern, value) : null;
    if (parts) return fill(text, parts, refusals, language);
  }
  return value;
}

function fill(text: string, values: readonly string[], refusals: Refusals, language: string): string {
  return text.replace(HOLE, (hole, how: string, index: string) => {
    const value = values[Number(index)];
    if (value === undefined) return hole;
    if (how === "n") return numberText(value, language);
    return how === "p" ? phraseText(value, refusals, language) : value;
  });
}

/** The refusal that says `detail`: what the server has stored of one is its English sentence only.
 * Where several sentences fit, the one that has most words of its own. */
export function refusalSaying(detail: string, refusals: Refusals): Refusal | null {
  const ownWords = (message: string): number => message.replace(/\{\d\}/g, "").length;
  let found: Refusal | null = null;
  for (const message of Object.keys(refusals.sentences)) {
    if (found && ownWords(message) <= ownWords(found.message)) continue;
    const values = partsOf(message, detail);
    if (values) found = { message, values };
  }
  return found;
}

/** The sentence in the catalogue's language, or null when it does not know it. */
export function refusalText(refusal: Refusal, refusals: Refusals, language: string): string | null {
  const { message, values } = refusal;
  if (!Object.hasOwn(refusals.sentences, message)) return null;
  return fill(refusals.sentences[message] ?? "", values, refusals, language);
}
