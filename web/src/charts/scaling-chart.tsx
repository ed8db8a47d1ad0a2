// SPDX-License-Identifier: MIT
// Throughput against size: simulated points with whiskers, the law that fits them as a line, and
// a ring around the knee. The same numbers stand in the list below it.

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { whiskerOf } from "../lib/grid";
import type { ScalingSeries } from "../lib/scaling";
import { colourName, dashOf, LegendLine, whiskers } from "./series-look";

export interface ScalingChartProps {
  label: string;
  axisLabel: string;
  /** Of what is upwards. */
  valueLabel: string;
  xs: readonly number[];
  series: readonly ScalingSeries[];
  note: string;
  /** Redraws when it changes: colours are read from the page's style. */
  theme: string;
  formatY(value: number): string;
}

const HEIGHT = 280;
/* There is no half a worker. */
const WHOLE_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
/* From this ratio of sizes on each doubling has the same room. */
const LOG_RATIO = 16;
/* Nearer to one another on the axis, figures would overlap. */
const TICK_GAP = 0.07;

/** A ring around the point from which on nothing is gained. */
function knees(props: ScalingChartProps, colours: readonly string[]): uPlot.Plugin {
  const draw = (chart: uPlot): void => {
    const { ctx } = chart;
    ctx.save();
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.setLineDash([]);
    props.series.forEach(({ points, knee }, index) => {
      const point = knee === null ? null : points[props.xs.indexOf(knee)];
      if (knee === null || !point) return;
      ctx.strokeStyle = colours[index] ?? "";
      ctx.beginPath();
      const x = chart.valToPos(knee, "x", true);
      const y = chart.valToPos(point.median, "y", true);
      ctx.arc(x, y, 8 * devicePixelRatio, 0, 2 * Math.PI);
      ctx.stroke();
    });
    ctx.restore();
  };
  return { hooks: { draw } };
}

/** Sizes that were simulated and have room for their figures, from the largest down. */
function sizeTicks(series: readonly ScalingSeries[], xs: readonly number[]): number[] {
  const simulated = xs.filter((_, at) => series.some(({ points }) => points[at]));
  const span = Math.log((simulated[simulated.length - 1] ?? 1) / (simulated[0] ?? 1));
  return simulated.reduceRight<number[]>((kept, size) => {
    const next = kept[0];
    return next === undefined || Math.log(next / size) > TICK_GAP * span ? [size, ...kept] : kept;
  }, []);
}

function topOf(series: readonly ScalingSeries[]): number {
  const tops = series.flatMap(({ points, law }) => [
    ...points.map((point) => (point ? Math.max(point.median, whiskerOf(point)?.high ?? 0) : 0)),
    ...law.map((value) => value ?? 0),
  ]);
  return Math.max(0, ...tops);
}

function optionsFor(props: ScalingChartProps, element: HTMLElement): uPlot.Options {
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  const colours = props.series.map((_, index) => read(colourName(index)));
  const font = `12px ${read("--font-sans")}`;
  const muted = read("--ink-muted");
  const ticks = { show: false };
  const low = props.xs[0] ?? 0;
  const high = props.xs[props.xs.length - 1] ?? 1;
  const top = topOf(props.series);
  const isLog = low > 0 && high / low >= LOG_RATIO;
  const margin = (high - low) * 0.03;
  const factor = (high / low) ** 0.03;
  const ends: [number, number] = isLog ? [low / factor, high * factor] : [low - margin, high + margin];
  // All of them: the chart's own choice of what has room leaves out some, and says "null" there.
  const ticksX: Partial<uPlot.Axis> = isLog
    ? { splits: sizeTicks(props.series, props.xs), filter: (_, at) => at, values: (_, at) => at.map(String) }
    : {};
  return {
    width: Math.max(240, element.clientWidth),
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    padding: [16, 16, 0, 0],
    scales: {
      x: { time: false, range: ends, ...(isLog ? { distr: 3 as const, log: 2 as const } : {}) },
      y: { range: [0, top > 0 ? top * 1.08 : 1] },
    },
    axes: [
      { stroke: muted, font, grid: { show: false }, ticks, size: 32, incrs: WHOLE_STEPS, ...ticksX },
      {
        stroke: muted,
        font,
        grid: { stroke: read("--line"), width: 1 },
        ticks,
        size: 76,
        values: (_chart, splits) => splits.map((y) => props.formatY(y)),
      },
    ],
    series: [
      {},
      ...props.series.map(({ label }, index) => ({
        label,
        stroke: colours[index] ?? "",
        paths: () => null,
        points: { show: true, size: 8, fill: read("--surface"), width: 2 },
      })),
      ...props.series.map((_, index) => ({
        stroke: colours[index] ?? "",
        width: 2,
        dash: dashOf(index),
        points: { show: false },
      })),
    ],
    plugins: [whiskers(props.series, colours, props.xs), knees(props, colours)],
  };
}

export function ScalingChart(props: ScalingChartProps) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const simulated = props.series.map(({ points }) => points.map((point) => point?.median ?? null));
    const laws = props.series.map(({ law }) => law);
    const data = [[...props.xs], ...simulated, ...laws] as uPlot.AlignedData;
    const chart = new uPlot(optionsFor(props, element), data, element);
    const observer = new ResizeObserver(() => {
      chart.setSize({ width: Math.max(240, element.clientWidth), height: HEIGHT });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
    };
  }, [props.xs, props.series, props.theme, props.formatY]);
  return (
    <div class="chart">
      <p class="chart-axis is-upwards">{props.valueLabel}</p>
      <div ref={host} class="chart-host" role="img" aria-label={props.label} />
      <p class="chart-axis">{props.axisLabel}</p>
      <ul class="legend">
        {props.series.map(({ label }, index) => (
          <LegendLine key={label} index={index} text={label} />
        ))}
      </ul>
      <p class="chart-note">{props.note}</p>
    </div>
  );
}
