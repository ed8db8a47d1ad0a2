// SPDX-License-Identifier: MIT

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ScalingCurve, ScalingFit } from "../../src/api";
import { fitOf, kneeOf, predict, scalingAxis, scalingSeries } from "../../src/lib/scaling";

const none: ScalingFit = { refusal: "too few", lambda: null, sigma: null, residual: null };
const amdahl: ScalingFit = { refusal: null, lambda: 100, sigma: 0.1, residual: 0.01 };
const usl: ScalingFit = { ...amdahl, sigma: 0.1, kappa: 0.01, peak: 9 };

function curve(sizes: readonly number[], fits: Partial<ScalingCurve> = {}): ScalingCurve {
  return {
    axis: "workers",
    runtime: "cpython-3.12",
    strategy: "threads(N)",
    point: {},
    points: sizes.map((n) => ({
      n,
      cell: `c${n}`,
      throughput_per_s: 100 * n,
      throughput_95: n === 1 ? null : [90 * n, 110 * n],
      speedup: n,
      limit: "outside",
    })),
    knee: sizes[sizes.length - 1] ?? 1,
    amdahl: none,
    usl: none,
    ...fits,
  };
}

test("the richer law that fits is drawn", () => {
  assert.equal(fitOf(curve([1, 2])), null);
  assert.equal(fitOf(curve([1, 2], { amdahl })), amdahl);
  assert.equal(fitOf(curve([1, 2], { amdahl, usl })), usl);
});

test("laws are what their names say", () => {
  assert.equal(predict(amdahl, 1), 100);
  assert.ok(Math.abs(predict(amdahl, 4) - 400 / 1.3) < 1e-9);
  assert.ok(Math.abs(predict(usl, 4) - 400 / 1.42) < 1e-9);
});

test("the axis has every measured size, and a law only where it was measured", () => {
  const curves = [curve([1, 2, 16], { amdahl }), curve([4, 8])];
  const xs = scalingAxis(curves);
  for (const n of [1, 2, 4, 8, 16]) assert.ok(xs.includes(n));
  assert.deepEqual(
    xs,
    [...xs].sort((a, b) => a - b),
  );
  const [first, second] = scalingSeries(curves, xs, ({ strategy }) => strategy);
  assert.equal(first?.points.filter(Boolean).length, 3);
  assert.equal(first?.points[xs.indexOf(2)]?.median, 200);
  assert.deepEqual(first?.points[xs.indexOf(2)]?.median_95, [180, 220]);
  assert.ok(first?.law.every((value) => value !== null));
  assert.ok(second?.law.every((value) => value === null));
  assert.equal(second?.points[xs.indexOf(1)], null);
});

test("the last point is no knee: what lies beyond was not measured", () => {
  const growing = curve([1, 2, 4]);
  assert.equal(kneeOf(growing), null);
  assert.equal(scalingSeries([growing], [1, 2, 4], () => "")[0]?.knee, null);
  assert.equal(kneeOf(curve([1, 2, 4], { knee: 2 })), 2);
});

test("no curves, no axis", () => assert.deepEqual(scalingAxis([]), []));
