// SPDX-License-Identifier: MIT
// Cells beside each other: by which metric, which are the best, and which run shows one.

import type { Cell, RunSummary } from "../api";
import { metricInfo } from "./catalogue";

/** The run whose timeline is the cell's: one that is there or grows, or else one can be made of. */
export function runToShow({ runs = [] }: Cell): RunSummary | undefined {
  const shown = runs.find((run) => run.has_timeline || run.status === "running");
  return shown ?? runs.find(({ status }) => status === "done" || status === "limited");
}

/** The metric that the document's question is about. */
export function goalOf(document: unknown): string | null {
  const goal = (document as { goal?: unknown } | null)?.goal;
  return typeof goal === "string" ? goal : null;
}

/** What a grid is read by when nobody chose: the document's goal, else the makespan. */
export function defaultMetric(document: unknown, available: readonly string[]): string | null {
  const goal = goalOf(document);
  const wanted = available.find((name) => name === goal);
  return wanted ?? available.find((name) => name === "makespan_us") ?? available[0] ?? null;
}

/** Lower for a better cell; NaN where it has no figure. */
export function rankOf(cell: Cell, metric: string | null): number {
  const median = metric === null ? undefined : cell.metrics?.[metric]?.median;
  if (metric === null || median === undefined) return NaN;
  return metricInfo(metric).better === "higher" ? -median : median;
}

/** Whether nothing more comes of a cell for now: it runs no longer, and does not wait to. */
export function hasEnded({ status }: Cell): boolean {
  return status !== "pending" && status !== "running" && status !== "interrupted";
}

/** The best of the cells that are done, the first of equals; null while none has a figure. */
export function leaderOf(cells: readonly Cell[], metric: string): Cell | null {
  const done = cells.filter((cell) => cell.status === "done" && !isPartial(cell, metric));
  return done.reduce<Cell | null>((best, cell) => {
    const rank = rankOf(cell, metric);
    if (Number.isNaN(rank)) return best;
    return best === null || rank < rankOf(best, metric) ? cell : best;
  }, null);
}

/** A metric that only some runs of a cell have, such as a latency beside unstable runs. */
function isPartial(cell: Cell, metric: string): boolean {
  const all = Object.values(cell.metrics ?? {}).map((spread) => spread?.n ?? 0);
  return (cell.metrics?.[metric]?.n ?? 0) < Math.max(0, ...all);
}

/** Cells of one question whose median is the best; none when all are alike. */
function bestOf(asked: readonly Cell[], metric: string, better: "lower" | "higher"): Cell[] {
  const cells = asked.filter((cell) => !isPartial(cell, metric));
  const medians = cells.flatMap((cell) => {
    const spread = cell.metrics?.[metric];
    return spread ? [spread.median] : [];
  });
  const best = better === "lower" ? Math.min(...medians) : Math.max(...medians);
  if (medians.every((median) => median === best)) return [];
  return cells.filter((cell) => cell.metrics?.[metric]?.median === best);
}

/**
 * The best cells of each sweep point: points are different questions, so only cells of one point
 * compete. None as long as cells are outstanding.
 */
export function bestCells(cells: readonly Cell[], metric: string): Set<string> {
  const { better } = metricInfo(metric);
  const open = cells.some((cell) => cell.status === "pending" || cell.status === "running");
  if (open || better === "neutral") return new Set();
  const points = new Map<string, Cell[]>();
  for (const cell of cells) {
    const point = JSON.stringify(cell.point);
    const group = points.get(point);
    if (group) group.push(cell);
    else points.set(point, [cell]);
  }
  const best = [...points.values()].flatMap((group) => bestOf(group, metric, better));
  return new Set(best.map((cell) => cell.id));
}
