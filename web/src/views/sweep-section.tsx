// SPDX-License-Identifier: MIT
// The chosen metric over a numeric axis of the sweep. Without such an axis there is no chart.

import { useMemo, useState } from "preact/hooks";
import type { Cell } from "../api";
import { formatMetric, formatNumber } from "../lib/format";
import { compactLabel, numericAxes, pointerLabel, seriesOver } from "../lib/grid";
import { metricInfo, metricTitle } from "../state/catalogue";
import { strategyLabel } from "../state/experiment";
import { language, t, theme } from "../state/preferences";
import { SweepChart } from "./lazy-charts";
import { Select } from "./select";

/* Beyond this ratio a linear axis hides the small values. */
const LOG_RATIO = 40;

export function SweepSection(props: { cells: readonly Cell[]; document: unknown; metric: string }) {
  const { cells, document, metric } = props;
  const [pointer, setPointer] = useState<string | null>(null);
  const [log, setLog] = useState<boolean | null>(null);
  const axes = useMemo(() => numericAxes(cells.map((cell) => cell.point)), [cells]);
  const axis = axes.find((candidate) => candidate.pointer === pointer) ?? axes[0];
  const series = useMemo(() => {
    if (!axis) return [];
    const chartCells = cells.map((cell) => ({
      runtime: compactLabel(cell.runtime),
      strategy: strategyLabel(cell),
      point: cell.point,
      value: cell.metrics?.[metric] ?? null,
    }));
    return seriesOver(chartCells, axis, document);
  }, [cells, axis, document, metric]);
  const { unit } = metricInfo(metric);
  const locale = language.value;
  const formatY = useMemo(
    () => (value: number) => formatMetric(value, unit, locale),
    [unit, locale],
  );
  const formatX = useMemo(() => (value: number) => formatNumber(value, locale), [locale]);

  const medians = series.flatMap(({ points }) => points.flatMap((p) => (p ? [p.median] : [])));
  if (!axis || medians.length < 2) return null;
  const low = Math.min(...medians);
  const logPossible = low > 0;
  const logShown = logPossible && (log ?? Math.max(...medians) / low > LOG_RATIO);
  const title = t("experiment.chart", {
    metric: metricTitle(metric),
    axis: pointerLabel(axis.pointer, document),
  });
  return (
    <section class="sweep" aria-label={title}>
      <div class="sweep-tools">
        <h2 class="chart-title">{title}</h2>
        {axes.length > 1 && (
          <label class="picker">
            <span class="picker-label">{t("experiment.chart.axis")}</span>
            <Select
              value={axis.pointer}
              choices={axes.map((candidate) => ({
                value: candidate.pointer,
                text: pointerLabel(candidate.pointer, document),
              }))}
              onChoose={setPointer}
            />
          </label>
        )}
        {logPossible && (
          <label class="check">
            <input
              type="checkbox"
              checked={logShown}
              onChange={(event) => setLog(event.currentTarget.checked)}
            />
            {t("experiment.chart.log")}
          </label>
        )}
      </div>
      <SweepChart
        label={title}
        axisLabel={axis.pointer}
        values={axis.values}
        series={series}
        log={logShown}
        whiskerWords={t("experiment.chart.whiskers")}
        theme={theme.value}
        formatX={formatX}
        formatY={formatY}
      />
    </section>
  );
}
