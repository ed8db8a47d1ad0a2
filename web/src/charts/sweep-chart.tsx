// SPDX-License-Identifier: MIT
// Lines over a sweep: a wrapper around uPlot that adds whiskers for the 95 % interval of the
// median, our colours and dashes, and an HTML legend. The same numbers stand in the table above it.

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { type Series, whiskerOf } from "../lib/grid";
import { colourName, dashOf, LegendLine, whiskers } from "./series-look";

export interface SweepChartProps {
  label: string;
  axisLabel: string;
  /** What it is in the document. */
  axisTitle: string;
  values: readonly number[];
  series: readonly Series[];
  log: boolean;
  /** What the whiskers are; shown when there is one. */
  whiskerWords: string;
  /** Redraws when it changes: colours are read from the page's style. */
  theme: string;
  formatX(value: number): string;
  formatY(value: number): string;
}

const HEIGHT = 280;
/** The highest point or end of a whisker. */
function topOf(series: readonly Series[]): number {
  const tops = series.flatMap(({ points }) =>
    points.map((point) => (point ? Math.max(point.median, whiskerOf(point)?.high ?? 0) : 0)),
  );
  return Math.max(0, ...tops);
}

function optionsFor(props: SweepChartProps, element: HTMLElement): uPlot.Options {
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  const colours = props.series.map((_, index) => read(colourName(index)));
  const font = `12px ${read("--font-sans")}`;
  const muted = read("--ink-muted");
  const grid = { stroke: read("--line"), width: 1 };
  const ticks = { show: false };
  const decades: uPlot.Axis.Filter = (_chart, splits) =>
    props.log ? splits.map((y) => (Number.isInteger(Math.log10(y)) ? y : null)) : splits;
  const last = props.values.length - 1;
  const top = topOf(props.series);
  return {
    width: Math.max(240, element.clientWidth),
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { size: 9 } },
    padding: [16, 16, 0, 0],
    scales: {
      x: { time: false, range: [-0.25, last + 0.25] },
      y: props.log ? { distr: 3 } : { range: [0, top > 0 ? top * 1.08 : 1] },
    },
    axes: [
      {
        stroke: muted,
        font,
        grid: { show: false },
        ticks,
        size: 32,
        splits: () => props.values.map((_, index) => index),
        values: (_chart, splits) => splits.map((at) => props.formatX(props.values[at] ?? 0)),
      },
      {
        stroke: muted,
        font,
        grid: { ...grid, filter: decades },
        ticks,
        size: 76,
        filter: decades,
        values: (_chart, splits) => splits.map((y) => (y === null ? "" : props.formatY(y))),
      },
    ],
    series: [
      {},
      ...props.series.map(({ label }, index) => ({
        label,
        stroke: colours[index] ?? "",
        width: 2,
        dash: dashOf(index),
        points: { show: true, size: 7, fill: read("--surface"), width: 2 },
      })),
    ],
    plugins: [
      whiskers(
        props.series,
        colours,
        props.values.map((_, index) => index),
      ),
    ],
  };
}

export function SweepChart(props: SweepChartProps) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const xs = props.values.map((_, index) => index);
    const ys = props.series.map(({ points }) => points.map((point) => point?.median ?? null));
    const chart = new uPlot(optionsFor(props, element), [xs, ...ys], element);
    const observer = new ResizeObserver(() => {
      chart.setSize({ width: Math.max(240, element.clientWidth), height: HEIGHT });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
    };
  }, [props.values, props.series, props.log, props.theme, props.formatX, props.formatY]);
  return (
    <div class="chart">
      <div ref={host} class="chart-host" role="img" aria-label={props.label} />
      <p class="chart-axis" title={props.axisTitle}>
        {props.axisLabel}
      </p>
      <ul class="legend">
        {props.series.map(({ label }, index) => (
          <LegendLine key={label} index={index} text={label} />
        ))}
      </ul>
      {props.series.some(({ points }) => points.some((point) => point && whiskerOf(point))) && (
        <p class="chart-note">{props.whiskerWords}</p>
      )}
    </div>
  );
}
