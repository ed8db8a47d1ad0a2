// SPDX-License-Identifier: MIT
// What lies over what among the bars of a lane, few or many.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { LaneColumns } from "../../src/lib/columns";
import { BarPainter, type BarScene } from "../../src/timeline/bars";
import type { Strips } from "../../src/timeline/strips";

/* No drawing: what is asked for, in the order in which it will be on the screen. */
class Recorder {
  readonly now: string[] = [];
  readonly later: string[] = [];
  private rects: number[] = [];

  readonly strips = { add: (_: unknown, __: unknown, { height }: { height: number }) => this.later.push(`${height} high`) };
  readonly context = {
    beginPath: () => (this.rects = []),
    rect: (...[, , , height]: number[]) => this.rects.push(height as number),
    fill: () => this.now.push(`${this.rects[0]} high`),
  };

  drawn(): string[] {
    return [...this.now, ...this.later];
  }
}

/** Alternating gaps and bars of one state, each so many pixels wide. */
function columnsOf(widths: readonly number[]): LaneColumns {
  let at = 0;
  const spans = widths.map((wide) => {
    const start = at;
    at += wide + 1;
    return [start, start + wide] as const;
  });
  const length = spans.length;
  return {
    id: 1,
    length,
    start: Float64Array.from(spans, ([start]) => start),
    end: Float64Array.from(spans, ([, end]) => end),
    state: new Uint8Array(length),
    resource: new Int32Array(length),
    by: new Int32Array(length),
    site: new Int32Array(length),
    count: new Float64Array(length).fill(1),
    knownUntil: Infinity,
  };
}

function drawn(widths: readonly number[]): string[] {
  const global = globalThis as { document?: unknown };
  const before = global.document;
  global.document = { createElement: () => ({ getContext: () => null }) };
  try {
    const recorder = new Recorder();
    const painter = new BarPainter(recorder.strips as unknown as Strips);
    const columns = columnsOf(widths);
    const width = 1000;
    const scene = {
      context: recorder.context,
      scale: { from: 0, perNs: 1, width },
      palette: { fill: () => "red", edge: "blue", stripe: "white" },
      states: ["held"],
      singledOut: null,
    } as unknown as BarScene;
    painter.draw(scene, { id: 1, top: 0, height: 20, isFull: false }, columns, { from: 0, to: width });
    return recorder.drawn();
  } finally {
    global.document = before;
  }
}

const narrow = (count: number): number[] => Array.from({ length: count }, () => 1);

test("the edge that tells a state without colour lies on its bars, few or many, wide or narrow", () => {
  for (const widths of [[9, 9], [...narrow(60), 9, 9], Array.from({ length: 60 }, () => 9), [...narrow(20), 9]]) {
    assert.deepEqual(drawn(widths), ["20 high", "2 high"], `${widths.length} bars`);
  }
});
