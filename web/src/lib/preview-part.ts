// SPDX-License-Identifier: MIT
// A preview that ran out of time, bit by bit: the part of a document's grid that is missing, as
// a document of its own, and where its cells belong.
//
// The order of cells is runtime, strategy, point: index = (runtime * strategies + strategy) *
// points + point.

import { gridShape, isRecord } from "./grid";

export interface PreviewPart {
  document: Record<string, unknown>;
  /** Index in the whole grid of the part's first cell; the others follow it. */
  first: number;
}

function tail(values: unknown, from: number, to: number): unknown[] | undefined {
  return Array.isArray(values) ? values.slice(from, to) : undefined;
}

/** What is left of the runtime that cell `missing` is of, from its strategy on. */
export function previewPart(document: unknown, missing: number): PreviewPart | null {
  const shape = gridShape(document);
  if (!isRecord(document) || !shape) return null;
  const strategies = Math.max(1, shape.strategies.length);
  const row = Math.floor(missing / shape.points);
  const runtime = Math.floor(row / strategies);
  const strategy = row % strategies;
  const { gate: _, ...rest } = document;
  const left = tail(document.strategies, strategy, strategies);
  const part = {
    ...rest,
    runtimes: tail(document.runtimes, runtime, runtime + 1),
    ...(left ? { strategies: left } : {}),
  };
  return part.runtimes?.length === 1 ? { document: part, first: row * shape.points } : null;
}
