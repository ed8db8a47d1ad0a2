// SPDX-License-Identifier: MIT
// Whether somebody who types a few letters means a text, and how surely: the letters occur in it
// in their order, in either case, with or without accents. Beginnings of words and letters that
// follow each other count more, gaps and long texts less.

const START = 8;
const FOLLOWS = 5;
const HIT = 1;
const GAP = 0.1;

/** Small letters without accents, one for each UTF-16 unit of the text. */
export function plain(text: string): string {
  return [...text.toLowerCase()]
    .map((letter) => {
      const bare = letter === "ł" ? "l" : letter.normalize("NFD").replace(/\p{M}/gu, "");
      return bare.length === letter.length ? bare : letter;
    })
    .join("");
}

export interface Match {
  score: number;
  /** Places of the letters in the text. */
  at: number[];
}

function isStart(text: string, place: number): boolean {
  return place === 0 || /[^\p{L}\p{N}]/u.test(text[place - 1] as string);
}

/** The match that begins at a place, each letter at the next place where it is. */
function matchFrom(text: string, letters: string, begin: number): Match | null {
  const at: number[] = [];
  let score = 0;
  let place = begin;
  for (const letter of letters) {
    const found = text.indexOf(letter, place);
    if (found < 0) return null;
    const follows = at.length > 0 && found === (at[at.length - 1] as number) + 1;
    score += HIT + (isStart(text, found) ? START : follows ? FOLLOWS : 0);
    if (at.length > 0) score -= GAP * (found - place);
    at.push(found);
    place = found + 1;
  }
  return { score: score - GAP * GAP * text.length, at };
}

/** The best match of the letters, blanks aside; null when they are not in the text. */
export function fuzzyMatch(text: string, query: string): Match | null {
  const letters = plain(query).replace(/\s+/g, "");
  const folded = plain(text.toLowerCase().length === text.length ? text : "");
  if (letters === "") return { score: 0, at: [] };
  let best: Match | null = null;
  for (let begin = folded.indexOf(letters[0] as string); begin >= 0; ) {
    const match = matchFrom(folded, letters, begin);
    if (!match) break;
    if (!best || match.score > best.score) best = match;
    begin = folded.indexOf(letters[0] as string, begin + 1);
  }
  return best;
}

/** Those that match, the surest first; in their own order where there is nothing to match. */
export function fuzzyFind<T>(
  items: readonly T[],
  query: string,
  textOf: (item: T) => string,
  most: number,
): { item: T; at: number[] }[] {
  const found = items.flatMap((item) => {
    const match = fuzzyMatch(textOf(item), query);
    return match ? [{ item, ...match }] : [];
  });
  if (query.trim() !== "") found.sort((a, b) => b.score - a.score);
  return found.slice(0, most).map(({ item, at }) => ({ item, at }));
}
