// SPDX-License-Identifier: MIT
// Cells whose run was cut before its end: their metrics are of the beginning only, which says
// nothing of the whole. What is honest is how much was done until then.

import type { Cell } from "../api";
import { isRecord } from "./grid";
import { reasonOf } from "./reasons";

/* A program that runs for ever, or for a given time, has rates and latencies; it has no end. */
const BY_TIME = ["reason.time", "reason.forever"];

/** Whether the cell's `metric` cannot be compared with that of a run that came to its end. */
export function isUnfinished({ status, reason }: Cell, metric: string): boolean {
  if (status !== "limited") return false;
  const isByTime = BY_TIME.includes(reasonOf(reason ?? "")?.key ?? "");
  return !isByTime || metric === "makespan_us";
}

/** After how many events a preview stopped the cell; null: the document's own limits did. */
export function stoppedAfter({ reason }: Cell, asked: unknown): number | null {
  const found = reasonOf(reason ?? "");
  if (found?.key !== "reason.events") return null;
  const limits = isRecord(asked) && isRecord(asked.limits) ? asked.limits : {};
  const count = Number(found.values.count);
  return typeof limits.events === "number" && limits.events <= count ? null : count;
}

/** How many jobs were done until then: the throughput, which there is none of while none is done,
 * is of that time. */
export function jobsDone({ metrics }: Cell): number {
  const [rate = 0, us = 0] = [metrics?.throughput_per_s?.median, metrics?.makespan_us?.median];
  return Math.round((rate * us) / 1e6);
}

/** Of how many; null where they arrive, "none" where the document has actors instead. */
export function jobsOf({ point }: Cell, document: unknown): number | null | "none" {
  const workload = isRecord(document) && isRecord(document.workload) ? document.workload : {};
  if (!isRecord(workload.jobs)) return "none";
  const count = point["/workload/jobs/count"] ?? workload.jobs.count;
  return typeof count === "number" ? count : null;
}
