// SPDX-License-Identifier: MIT
// The words of a document other than names of runtimes and profiles, in the order in which the
// Ask page explains them.

import type { MessageKey } from "../i18n/translate";

export interface WordGroup {
  title: MessageKey;
  /** A word of the document and the message that explains it. */
  words: readonly (readonly [string, MessageKey])[];
}

export const WORD_GROUPS: readonly WordGroup[] = [
  {
    title: "words.steps",
    words: [
      ["python_us", "word.python_us"],
      ["python_cpu_us", "word.python_cpu_us"],
      ["c_us", "word.c_us"],
      ["gil", "word.gil"],
      ["io_us", "word.io_us"],
      ["sleep_us", "word.sleep_us"],
      ["await_io_us", "word.await_io_us"],
      ["await_sleep_us", "word.await_sleep_us"],
      ["to_thread", "word.to_thread"],
      ["repeat", "word.repeat"],
      ["forever", "word.forever"],
      ["with", "word.with"],
      ["acquire", "word.acquire"],
      ["release", "word.release"],
      ["update", "word.update"],
    ],
  },
  {
    title: "words.objects",
    words: [
      ["lock", "word.lock"],
      ["counter", "word.counter"],
    ],
  },
  {
    title: "words.strategies",
    words: [
      ["sequential", "word.sequential"],
      ["threads", "word.threads"],
      ["asyncio", "word.asyncio"],
      ["processes", "word.processes"],
    ],
  },
];
