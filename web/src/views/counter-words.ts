// SPDX-License-Identifier: MIT
// Counters in words. A kind that this page does not know keeps the name that the server gives it.

import { translateIfKnown } from "../i18n/translate";
import type { Reading } from "../lib/counters";
import { formatNumber } from "../lib/format";
import { language, t, tServer } from "../state/preferences";
import { counterName } from "../state/counters";

export function counterTitle(kind: number): string {
  const name = counterName(kind);
  return tServer("counter.kind", name, name);
}

/** "3 threads"; the number alone for a kind without words. */
export function counterValue(kind: number, value: number): string {
  const key = `counter.value.${counterName(kind)}`;
  return (
    translateIfKnown(language.value, key, { count: value }) ??
    formatNumber(value, language.value)
  );
}

/** What several changes within a pixel are; "" for a single one. */
export function bandWords(kind: number, { min, max, count }: Reading): string {
  if (count <= 1) return "";
  return t("counter.merged", {
    count,
    min: counterValue(kind, min),
    max: counterValue(kind, max),
  });
}
