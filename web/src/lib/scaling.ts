// SPDX-License-Identifier: MIT
// Scaling curves as a chart needs them: simulated points and the law beside them, over one axis.

import type { ScalingCurve, ScalingFit } from "../api";
import type { Spread } from "./grid";

const STEPS = 96;

export interface ScalingSeries {
  label: string;
  /** Simulated; null where this curve has no point. */
  points: (Spread | null)[];
  /** What the law says; null outside of what was simulated, or without a law. */
  law: (number | null)[];
  knee: number | null;
}

/** The size from which on nothing is gained; null where the last point still gains. */
export function kneeOf({ knee, points }: ScalingCurve): number | null {
  return knee === points[points.length - 1]?.n ? null : knee;
}

/** The law to draw: the richer one that fits. */
export function fitOf(curve: ScalingCurve): ScalingFit | null {
  if (curve.usl.refusal === null) return curve.usl;
  return curve.amdahl.refusal === null ? curve.amdahl : null;
}

export function predict(fit: ScalingFit, n: number): number {
  const { lambda, sigma, kappa } = fit;
  return ((lambda ?? 0) * n) / (1 + (sigma ?? 0) * (n - 1) + (kappa ?? 0) * n * (n - 1));
}

/** Every size that was simulated, and steps between them so that a law is a curve. */
export function scalingAxis(curves: readonly ScalingCurve[]): number[] {
  const sizes = curves.flatMap((curve) => curve.points.map(({ n }) => n));
  if (sizes.length === 0) return [];
  const low = Math.min(...sizes);
  const high = Math.max(...sizes);
  // Of equal length where sizes grow by a factor, too.
  const steps = Array.from({ length: STEPS - 1 }, (_, i) => low * (high / low) ** ((i + 1) / STEPS));
  return [...new Set([...sizes, ...steps])].sort((a, b) => a - b);
}

export function scalingSeries(
  curves: readonly ScalingCurve[],
  xs: readonly number[],
  labelOf: (curve: ScalingCurve) => string,
): ScalingSeries[] {
  return curves.map((curve) => {
    const at = new Map(curve.points.map((point) => [point.n, point]));
    const fit = fitOf(curve);
    const first = curve.points[0]?.n ?? 0;
    const last = curve.points[curve.points.length - 1]?.n ?? 0;
    return {
      label: labelOf(curve),
      points: xs.map((x) => {
        const point = at.get(x);
        if (!point) return null;
        const median = point.throughput_per_s;
        return { median, median_95: point.throughput_95, min: median, max: median };
      }),
      law: xs.map((x) => (fit && x >= first && x <= last ? predict(fit, x) : null)),
      knee: kneeOf(curve),
    };
  });
}
