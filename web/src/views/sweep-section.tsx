// SPDX-License-Identifier: MIT
// The chosen metric over a numeric axis of the sweep. Without such an axis there is no chart.

import { useMemo } from "preact/hooks";
import type { Cell } from "../api";
import { formatMetric } from "../lib/format";
import { numericAxes, seriesOver } from "../lib/grid";
import { metricInfo, metricTitle } from "../state/catalogue";
import { fieldTitle, fieldValue, fieldWords, pointWords, runtimeName, strategyName } from "../state/names";
import { language, t, theme } from "../state/preferences";
import { changeGridView, gridView } from "../state/router";
import { SweepChart } from "./lazy-charts";
import { Select } from "./select";

/* Beyond this ratio a linear axis hides the small values. */
const LOG_RATIO = 40;

export function SweepSection(props: { cells: readonly Cell[]; document: unknown; metric: string }) {
  const { cells, document, metric } = props;
  const { axis: pointer, scale } = gridView.value;
  const axes = useMemo(() => numericAxes(cells.map((cell) => cell.point)), [cells]);
  const axis = axes.find((candidate) => candidate.pointer === pointer) ?? axes[0];
  const series = useMemo(() => {
    if (!axis) return [];
    const chartCells = cells.map((cell) => ({
      runtime: runtimeName(cell.runtime),
      strategy: strategyName(cell.strategy),
      point: cell.point,
      value: cell.metrics?.[metric] ?? null,
    }));
    return seriesOver(chartCells, axis, (point) => pointWords(point, document));
  }, [cells, axis, document, metric, language.value]);
  const { unit } = metricInfo(metric);
  const locale = language.value;
  const formatY = useMemo(
    () => (value: number) => formatMetric(value, unit, locale),
    [unit, locale],
  );
  const pointerX = axis?.pointer ?? "";
  const formatX = useMemo(() => (value: number) => fieldValue(pointerX, value), [pointerX, locale]);

  const medians = series.flatMap(({ points }) => points.flatMap((p) => (p ? [p.median] : [])));
  if (!axis || medians.length < 2) return null;
  const low = Math.min(...medians);
  const logPossible = low > 0;
  const logShown = logPossible && (scale === null ? Math.max(...medians) / low > LOG_RATIO : scale === "log");
  const title = t("experiment.chart", {
    metric: metricTitle(metric),
    axis: fieldWords(axis.pointer, document),
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
                text: fieldTitle(candidate.pointer, document),
              }))}
              onChoose={(chosen) => changeGridView({ axis: chosen })}
            />
          </label>
        )}
        {logPossible && (
          <label class="check">
            <input
              type="checkbox"
              checked={logShown}
              onChange={(event) => changeGridView({ scale: event.currentTarget.checked ? "log" : "linear" })}
            />
            {t("experiment.chart.log")}
          </label>
        )}
      </div>
      <SweepChart
        label={title}
        axisLabel={fieldTitle(axis.pointer, document)}
        axisTitle={axis.pointer}
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
