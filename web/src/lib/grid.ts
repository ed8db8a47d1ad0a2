// SPDX-License-Identifier: MIT
// What a document's grid looks like before it runs, and how its cells line up after.

export interface GridShape {
  /** As they are in the document. */
  runtimes: readonly unknown[];
  /** Empty for workloads of actors, which have none. */
  strategies: readonly unknown[];
  points: number;
  cells: number;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The product that the document asks for; null when it is too unfinished to tell. */
export function gridShape(document: unknown): GridShape | null {
  if (!isRecord(document)) return null;
  const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
  const runtimes = list(document.runtimes);
  const strategies = list(document.strategies);
  let points = 1;
  if (isRecord(document.sweep)) {
    for (const values of Object.values(document.sweep)) {
      points *= Array.isArray(values) ? values.length : 1;
    }
  }
  const cells = Math.max(1, runtimes.length) * Math.max(1, strategies.length) * points;
  return { runtimes, strategies, points, cells };
}

export type Point = Record<string, unknown>;

/** A value of a document as one line of text: "cpython-3.12", "semaphore 8". */
export function compactLabel(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return value.map(compactLabel).join(", ");
  if (!isRecord(value)) return "";
  return Object.entries(value)
    .map(([key, entry]) => (key === "base" ? compactLabel(entry) : `${key} ${compactLabel(entry)}`))
    .join(" · ");
}

export interface AxisChoice {
  pointer: string;
  values: number[];
}

/** Sweep pointers that can be the x axis of a chart: numbers, at least two of them. */
export function numericAxes(points: readonly Point[]): AxisChoice[] {
  const values = new Map<string, Set<number>>();
  const spoiled = new Set<string>();
  for (const point of points) {
    for (const [pointer, value] of Object.entries(point)) {
      if (typeof value !== "number") spoiled.add(pointer);
      else values.set(pointer, (values.get(pointer) ?? new Set()).add(value));
    }
  }
  return [...values]
    .filter(([pointer, set]) => set.size > 1 && !spoiled.has(pointer))
    .map(([pointer, set]) => ({ pointer, values: [...set].sort((a, b) => a - b) }))
    .sort((a, b) => b.values.length - a.values.length);
}

export interface Spread {
  median: number;
  /** 95 % interval of the median; null with fewer than two repetitions. */
  median_95: readonly [number, number] | null;
  min: number;
  max: number;
}

/** Where a whisker begins and ends: the interval of the median, if it has a length. */
export function whiskerOf(spread: Spread): { low: number; high: number } | null {
  const [low, high] = spread.median_95 ?? [0, 0];
  return low < high ? { low, high } : null;
}

/** What is lost by a factor of 1 or more: of what the best one has where more is better, else on top of it. */
export function lostShare(factor: number, better: "higher" | "lower" | "neutral"): number {
  return better === "higher" ? 1 - 1 / factor : factor - 1;
}

export interface ChartCell {
  runtime: string;
  strategy: string;
  point: Point;
  value: Spread | null;
}

export interface Series {
  label: string;
  points: (Spread | null)[];
}

/** One series per runtime, strategy and remaining sweep values, which `pointWords` names; only
 * what differs is named. */
export function seriesOver(
  cells: readonly ChartCell[],
  axis: AxisChoice,
  pointWords: (point: Point) => string[],
): Series[] {
  const many = (pick: (cell: ChartCell) => string): boolean => new Set(cells.map(pick)).size > 1;
  const manyRuntimes = many((cell) => cell.runtime);
  const manyStrategies = many((cell) => cell.strategy);
  const series = new Map<string, Series>();
  for (const cell of cells) {
    const x = cell.point[axis.pointer];
    const index = typeof x === "number" ? axis.values.indexOf(x) : -1;
    if (index < 0) continue;
    const { [axis.pointer]: _, ...others } = cell.point;
    const names = [
      ...(manyRuntimes ? [cell.runtime] : []),
      ...(manyStrategies ? [cell.strategy] : []),
      ...pointWords(others),
    ];
    const label = names.join(" · ") || cell.strategy || cell.runtime;
    const entry = series.get(label) ?? { label, points: axis.values.map(() => null) };
    entry.points[index] = cell.value;
    series.set(label, entry);
  }
  return [...series.values()];
}
