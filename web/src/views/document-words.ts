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
    title: "words.jobs",
    words: [
      ["count", "word.count"],
      ["arrivals", "word.arrivals"],
      ["dist", "word.dist"],
    ],
  },
  {
    title: "words.steps",
    words: [
      ["python_us", "word.python_us"],
      ["python_cpu_us", "word.python_cpu_us"],
      ["c_us", "word.c_us"],
      ["gil", "word.gil"],
      ["bytes", "word.bytes"],
      ["threads", "word.call_threads"],
      ["io_us", "word.io_us"],
      ["sleep_us", "word.sleep_us"],
      ["await_io_us", "word.await_io_us"],
      ["await_sleep_us", "word.await_sleep_us"],
      ["to_thread", "word.to_thread"],
      ["repeat", "word.repeat"],
      ["forever", "word.forever"],
      ["until", "word.until"],
      ["with", "word.with"],
      ["acquire", "word.acquire"],
      ["release", "word.release"],
      ["wait", "word.wait"],
      ["notify", "word.notify"],
      ["notify_all", "word.notify_all"],
      ["set", "word.set"],
      ["clear", "word.clear"],
      ["put", "word.put"],
      ["get", "word.get"],
      ["send", "word.send"],
      ["recv", "word.recv"],
      ["update", "word.update"],
      ["touch", "word.touch"],
      ["use", "word.use"],
      ["allocate", "word.allocate"],
      ["free", "word.free"],
      ["gather", "word.gather"],
      ["task_group", "word.task_group"],
      ["task", "word.task"],
      ["spawn", "word.spawn"],
      ["join", "word.join"],
      ["cancel", "word.cancel"],
      ["timeout_us", "word.timeout_us"],
      ["wait_for_us", "word.wait_for_us"],
      ["try", "word.try"],
      ["raise", "word.raise"],
      ["read", "word.read"],
      ["sock_recv", "word.sock_recv"],
    ],
  },
  {
    title: "words.objects",
    words: [
      ["lock", "word.lock"],
      ["rlock", "word.rlock"],
      ["condition", "word.condition"],
      ["semaphore", "word.semaphore"],
      ["event", "word.event"],
      ["barrier", "word.barrier"],
      ["queue", "word.queue"],
      ["simple_queue", "word.simple_queue"],
      ["counter", "word.counter"],
      ["object", "word.object"],
      ["list", "word.list"],
      ["dict", "word.dict"],
      ["peer", "word.peer"],
      ["async_lock", "word.async_lock"],
      ["async_semaphore", "word.async_semaphore"],
      ["async_event", "word.async_event"],
      ["async_condition", "word.async_condition"],
      ["async_queue", "word.async_queue"],
      ["signals", "word.signals"],
    ],
  },
  {
    title: "words.strategies",
    words: [
      ["sequential", "word.sequential"],
      ["threads", "word.threads"],
      ["asyncio", "word.asyncio"],
      ["to_thread", "word.strategy_to_thread"],
      ["to_process", "word.strategy_to_process"],
      ["processes", "word.processes"],
      ["each", "word.each"],
      ["chunk", "word.chunk"],
      ["start", "word.start"],
      ["interpreters", "word.interpreters"],
      ["payload_bytes", "word.payload_bytes"],
      ["result_bytes", "word.result_bytes"],
    ],
  },
  {
    title: "words.actors",
    words: [
      ["thread", "word.thread"],
      ["event_loop", "word.event_loop"],
      ["eager", "word.eager"],
      ["interpreter", "word.interpreter"],
      ["process", "word.process"],
      ["daemon", "word.daemon"],
    ],
  },
];
