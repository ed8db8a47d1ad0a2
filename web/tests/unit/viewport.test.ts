// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  clampViewport,
  fetchWindow,
  focusViewport,
  MIN_SPAN,
  panViewport,
  windowCovers,
  zoomViewport,
} from "../../src/lib/viewport";

const DURATION = 1_000_000;

test("zooming keeps the time under the cursor", () => {
  for (const anchor of [0, 0.25, 0.5, 1]) {
    const view = { from: 400_000, to: 600_000 };
    const before = view.from + (view.to - view.from) * anchor;
    const next = zoomViewport(view, 0.5, anchor, DURATION);
    assert.equal(next.to - next.from, 100_000);
    assert.ok(Math.abs(next.from + (next.to - next.from) * anchor - before) < 1e-6);
  }
});

test("no zoom or pan leaves the run or gets narrower than the limit", () => {
  let view = { from: 0, to: DURATION };
  for (let i = 0; i < 200; i++) {
    const anchor = ((i * 7) % 11) / 10;
    view = zoomViewport(view, i % 3 === 0 ? 1.7 : 0.6, Math.min(1, anchor), DURATION);
    view = panViewport(view, ((i * 5) % 13) / 4 - 1.5, DURATION);
    assert.ok(view.from >= 0 && view.to <= DURATION + 1e-6);
    assert.ok(view.to - view.from >= MIN_SPAN - 1e-6);
  }
});

test("a run shorter than the narrowest window is shown whole", () => {
  assert.deepEqual(clampViewport({ from: 0, to: 10 }, 40), { from: 0, to: 40 });
});

test("focus shows the span with air on both sides", () => {
  const view = focusViewport(500_000, 500_400, DURATION);
  assert.ok(view.from < 500_000 && view.to > 500_400);
  assert.ok(view.to - view.from < 1200);
});

test("asks for one screen more on each side, at the density of the screen", () => {
  const wanted = fetchWindow({ from: 400_000, to: 500_000 }, 1000, DURATION, 1);
  assert.deepEqual(wanted, { from: 300_000, to: 600_000, pixels: 3000 });
  const edge = fetchWindow({ from: 0, to: DURATION }, 1000, DURATION, 1);
  assert.deepEqual(edge, { from: 0, to: DURATION, pixels: 1000 });
});

test("asks with whole nanoseconds that contain the window", () => {
  const view = { from: 10.7, to: 333.2 };
  const wanted = fetchWindow(view, 800, DURATION, 1);
  assert.ok(Number.isInteger(wanted.from) && Number.isInteger(wanted.to));
  assert.ok(wanted.from <= view.from && wanted.to >= view.to);
});

test("loaded data serves as long as it reaches and is neither too coarse nor too fine", () => {
  const have = { from: 300_000, to: 600_000, pixels: 3000 };
  assert.ok(windowCovers(have, { from: 400_000, to: 500_000 }, 1000));
  assert.ok(windowCovers(have, { from: 310_000, to: 410_000 }, 1000));
  assert.ok(!windowCovers(have, { from: 290_000, to: 390_000 }, 1000));
  assert.ok(!windowCovers(have, { from: 400_000, to: 450_000 }, 1000));
  assert.ok(!windowCovers(have, { from: 300_000, to: 600_000 }, 1000));
});
