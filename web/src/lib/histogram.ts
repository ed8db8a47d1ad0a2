// SPDX-License-Identifier: MIT
// Histograms of a run as a few bars on a logarithmic axis, and what can be read off them.

/** As the server sends them: `counts[i]` values of at most `upper[i]`, ascending. */
export interface Histogram {
  name: string;
  unit: string;
  meaning: string | null;
  count: number;
  min: number;
  max: number;
  upper: readonly number[];
  counts: readonly number[];
}

export interface Bars {
  /** Ends of the axis; every bar is as wide as the next on a logarithmic scale. */
  low: number;
  high: number;
  counts: number[];
}

/* One nanosecond, in microseconds: what is shorter lies in the first bar. */
const SHORTEST = 0.001;
/* An axis spans a factor of two at least, so that equal values make one bar in the middle. */
const LEAST_FACTOR = 2;

export function barsOf(histogram: Histogram, bars: number): Bars {
  let low = Math.max(SHORTEST, histogram.min);
  let high = Math.max(low, histogram.max);
  if (high / low < LEAST_FACTOR) {
    const centre = Math.sqrt(low * high);
    low = centre / Math.sqrt(LEAST_FACTOR);
    high = centre * Math.sqrt(LEAST_FACTOR);
  }
  const counts = new Array<number>(bars).fill(0);
  const perBar = Math.log(high / low) / bars;
  histogram.upper.forEach((upper, i) => {
    const value = Math.min(Math.max(upper, low), histogram.max);
    const bar = Math.floor(Math.log(Math.max(value, low) / low) / perBar);
    const at = Math.min(Math.max(bar, 0), bars - 1);
    counts[at] = (counts[at] ?? 0) + (histogram.counts[i] ?? 0);
  });
  return { low, high, counts };
}

/** The value that a share `q` of all values does not exceed; at most 0.8 % too high. */
export function quantile(histogram: Histogram, q: number): number {
  const rank = Math.max(1, Math.ceil(q * histogram.count));
  let seen = 0;
  for (let i = 0; i < histogram.counts.length; i++) {
    seen += histogram.counts[i] ?? 0;
    if (seen >= rank) return Math.min(histogram.upper[i] ?? histogram.max, histogram.max);
  }
  return histogram.max;
}
