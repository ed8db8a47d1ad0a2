// SPDX-License-Identifier: MIT
// Round places for a ruler: steps of 1, 2 or 5 times a power of ten.

export interface Ticks {
  step: number;
  at: number[];
}

export function niceStep(span: number, target: number): number {
  const raw = span / Math.max(1, target);
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = [1, 2, 5, 10].find((f) => f * power >= raw) ?? 10;
  return factor * power;
}

/** Multiples of a nice step inside [from, to], about `target` of them, never finer than 1. */
export function ticksBetween(from: number, to: number, target: number): Ticks {
  const step = Math.max(1, niceStep(to - from, target));
  const at: number[] = [];
  for (let i = Math.ceil(from / step); i * step <= to; i++) at.push(i * step);
  return { step, at };
}
