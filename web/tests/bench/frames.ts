// SPDX-License-Identifier: MIT
// What the browser's own trace says of frames: how long the page's thread works for each, and
// when each began.

import type { Page } from "playwright-core";

interface TraceEvent {
  name: string;
  ph: string;
  ts: number;
  dur?: number;
  tdur?: number;
  pid: number;
  tid: number;
}

/** A piece of work of the page's thread; microseconds. */
interface Task {
  at: number;
  /** What the thread computed, which other processes do not make longer. */
  busy: number;
  /** It drew: scripts of an animation frame ran in it, and layout and paint. */
  frame: boolean;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

function tasksOf(events: readonly TraceEvent[]): Task[] {
  // The thread of the page is the one on which frames of scripts run.
  const drawn = events.filter(({ name }) => name === "FireAnimationFrame");
  const page = drawn[0];
  if (!page) throw new Error("the trace has no frames");
  const tasks = events
    .filter(({ name, ph, pid, tid }) => ph === "X" && name.endsWith("RunTask") && pid === page.pid && tid === page.tid)
    .sort((a, b) => a.ts - b.ts);
  const frames = drawn.map(({ ts }) => ts).sort((a, b) => a - b);
  let next = 0;
  return tasks.map(({ ts, dur = 0, tdur = dur }) => {
    while (next < frames.length && (frames[next] as number) < ts) next++;
    return { at: ts, busy: tdur, frame: (frames[next] ?? Infinity) <= ts + dur };
  });
}

/** Traces the page while `act` runs. */
export async function traceTasks(page: Page, act: () => Promise<void>): Promise<Task[]> {
  const session = await page.context().newCDPSession(page);
  const events: TraceEvent[] = [];
  session.on("Tracing.dataCollected", ({ value }) => {
    for (const event of value) events.push(event as never);
  });
  const complete = new Promise<void>((resolve) => {
    session.once("Tracing.tracingComplete", () => resolve());
  });
  await session.send("Tracing.start", {
    transferMode: "ReportEvents",
    traceConfig: { includedCategories: ["toplevel", "devtools.timeline"], excludedCategories: ["*"] },
  });
  await act();
  await session.send("Tracing.end");
  await complete;
  await session.detach();
  return tasksOf(events);
}

/** Milliseconds of work for each frame: what was done since the one before, and itself. */
export function busyFrames(tasks: readonly Task[]): number[] {
  const frames: number[] = [];
  let busy = 0;
  for (const task of tasks) {
    busy += task.busy / 1000;
    if (!task.frame) continue;
    frames.push(busy);
    busy = 0;
  }
  return frames;
}

/** The share of frames that began more than `ms` after the one before. */
export function shareLate(tasks: readonly Task[], ms: number): number {
  const begins = tasks.filter(({ frame }) => frame).map(({ at }) => at);
  const late = begins.filter((at, i) => i > 0 && at - (begins[i - 1] as number) > ms * 1000);
  return late.length / Math.max(1, begins.length - 1);
}
