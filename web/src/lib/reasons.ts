// SPDX-License-Identifier: MIT
// The reasons that the server stores with cells, runs and experiments are English sentences. Here
// they are recognised again, so that the page can say them in other languages; one that is not
// known is shown as it is.

import type { MessageKey, Values } from "../i18n/translate";

interface Reason {
  says: RegExp;
  key: MessageKey;
  /** Names of what is in brackets, in order. */
  names?: readonly string[];
}

/* The first that fits counts. */
const REASONS: readonly Reason[] = [
  { says: /^(\S+) has no eager tasks \((\S+) and later\)$/, key: "reason.eager", names: ["runtime", "since"] },
  {
    says: /^(\S+) has no interpreters with a GIL of their own \((\S+) and later\)$/,
    key: "reason.interpreters",
    names: ["runtime", "since"],
  },
  {
    says: /^(\S+) has no (.+) \((\S+) and later\)$/,
    key: "reason.later",
    names: ["runtime", "what", "since"],
  },
  { says: /^(\S+) has no (\S+)$/, key: "reason.without", names: ["runtime", "what"] },
  { says: /^(\S+) starts processes by fork only/, key: "reason.forkOnly", names: ["runtime"] },
  { says: /^jobs that arrive are sent one by one/, key: "reason.oneByOne" },
  { says: /^more than (\d+) jobs that arrive are for/, key: "reason.manyArrivals", names: ["count"] },
  {
    says: /^unstable: .*; (\d+) were waiting at the end, latency grew by (\S+) s per second$/,
    key: "reason.unstable",
    names: ["count", "growth"],
  },
  { says: /^stopped at the limit of (\S+) s of virtual time$/, key: "reason.time", names: ["seconds"] },
  { says: /^stopped at the limit of (\d+) transitions$/, key: "reason.events", names: ["count"] },
  { says: /^stopped at the limit of (\d+) spans$/, key: "reason.spans", names: ["count"] },
  { says: /^stopped because the program runs for ever/, key: "reason.forever" },
  { says: /^cancelled$/, key: "reason.cancelled" },
  { says: /^deadlock: every thread waits/, key: "reason.deadlock" },
  { says: /^stopped before it ended; run the document again/, key: "reason.interruptedResume" },
  { says: /^stopped before it ended$/, key: "reason.interrupted" },
  { says: /^(\d+) of (\d+) cells failed$/, key: "reason.cells", names: ["count", "cells"] },
];

/** The reason says no more than the status beside it. */
export function isOnlyStatus(status: string, reason: string): boolean {
  return status === "interrupted" && /^(cancelled$|stopped before it ended)/.test(reason);
}

/* All others are names and versions: 3.10 is not 3.1. */
const NUMBERS: ReadonlySet<string> = new Set(["count", "cells", "growth", "seconds"]);

export function reasonOf(text: string): { key: MessageKey; values: Values } | null {
  for (const { says, key, names = [] } of REASONS) {
    const found = says.exec(text);
    if (!found) continue;
    const values = names.map((name, index) => {
      const said = found[index + 1] ?? "";
      return [name, NUMBERS.has(name) ? Number(said) : said] as const;
    });
    return { key, values: Object.fromEntries(values) };
  }
  return null;
}
