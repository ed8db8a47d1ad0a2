// SPDX-License-Identifier: MIT
// How the series of a chart are told apart, and the whiskers on their points.

import type uPlot from "uplot";
import { type Spread, whiskerOf } from "../lib/grid";

const DASHES: readonly number[][] = [[], [6, 4], [2, 3], [10, 4, 2, 4]];
const COLOURS = 8;

export function colourName(index: number): string {
  return `--identity-${(index % COLOURS) + 1}`;
}

export function dashOf(index: number): number[] {
  return DASHES[Math.floor(index / COLOURS + index) % DASHES.length] ?? [];
}

/** Whiskers for the 95 % interval of the median; `xs` are the places of the points. */
export function whiskers(
  series: readonly { points: readonly (Spread | null)[] }[],
  colours: readonly string[],
  xs: readonly number[],
): uPlot.Plugin {
  const draw = (chart: uPlot): void => {
    const { ctx } = chart;
    ctx.save();
    ctx.setLineDash([]);
    ctx.lineWidth = 1.5 * devicePixelRatio;
    const arm = 4 * devicePixelRatio;
    series.forEach(({ points }, index) => {
      ctx.strokeStyle = colours[index] ?? "";
      ctx.beginPath();
      points.forEach((point, at) => {
        const whisker = point && whiskerOf(point);
        if (!whisker) return;
        const x = chart.valToPos(xs[at] ?? 0, "x", true);
        const y0 = chart.valToPos(whisker.low, "y", true);
        const y1 = chart.valToPos(whisker.high, "y", true);
        ctx.moveTo(x, y0);
        ctx.lineTo(x, y1);
        for (const y of [y0, y1]) {
          ctx.moveTo(x - arm, y);
          ctx.lineTo(x + arm, y);
        }
      });
      ctx.stroke();
    });
    ctx.restore();
  };
  return { hooks: { draw } };
}

export function LegendLine({ index, text }: { index: number; text: string }) {
  return (
    <li class="legend-item">
      <svg class="legend-line" viewBox="0 0 28 8" aria-hidden="true">
        <line
          x1="1"
          x2="27"
          y1="4"
          y2="4"
          stroke-dasharray={dashOf(index).join(" ")}
          style={{ stroke: `var(${colourName(index)})` }}
        />
      </svg>
      {text}
    </li>
  );
}
