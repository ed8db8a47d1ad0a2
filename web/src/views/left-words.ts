// SPDX-License-Identifier: MIT
// How long something still takes, in words. Nobody needs milliseconds of a guess.

import { t } from "../state/preferences";

const MS_PER_S = 1000;
const S_PER_MIN = 60;

/** "about 20 seconds left"; null: nobody can tell. */
export function leftWords(ms: number | null): string {
  if (ms === null) return t("queue.left.unknown");
  const seconds = Math.ceil(ms / MS_PER_S);
  if (seconds < S_PER_MIN) return t("queue.left.s", { count: Math.max(1, seconds) });
  return t("queue.left.min", { count: Math.ceil(seconds / S_PER_MIN) });
}
