// SPDX-License-Identifier: MIT
// Throughput over workers or cores, with the laws of scaling that fit, or why none does.

import { Fragment } from "preact";
import { useMemo } from "preact/hooks";
import type { ScalingCurve } from "../api";
import { formatMetric, formatNumber, formatShare } from "../lib/format";
import { fitOf, kneeOf, scalingAxis, scalingSeries } from "../lib/scaling";
import { advice } from "../state/advice";
import { poolName, pointWords, runtimeName, strategyName } from "../state/names";
import { language, t, theme } from "../state/preferences";
import { changeGridView, gridView } from "../state/router";
import { Explained } from "./explained";
import { ScalingChart } from "./lazy-charts";
import { ScrollFrame } from "./scroll-frame";
import { Select } from "./select";

/* Two points are in the table already, and more than eight curves cannot be told apart. */
const POINTS_MIN = 3;
const CURVES_MAX = 8;

type Axis = ScalingCurve["axis"];

function labelOf(curve: ScalingCurve, curves: readonly ScalingCurve[], document: unknown): string {
  const manyRuntimes = new Set(curves.map(({ runtime }) => runtime)).size > 1;
  const strategy = curve.axis === "workers" ? poolName(curve.strategy) : strategyName(curve.strategy);
  return [strategy, manyRuntimes || strategy === "" ? runtimeName(curve.runtime) : "", ...pointWords(curve.point, document)]
    .filter(Boolean)
    .join(" · ");
}

/** "Universal Scalability Law: σ 0.34, κ 0.008, peak at 9, residual 2 %"; each says what it is. */
function FitWords({ curve }: { curve: ScalingCurve }) {
  const locale = language.value;
  const fit = fitOf(curve);
  const figure = (value: number): string => formatNumber(Number(value.toPrecision(3)), locale);
  if (!fit) return <>{t("scaling.noLaw")}</>;
  const { sigma, kappa, peak, residual } = fit;
  const law = fit === curve.amdahl ? "amdahl" : "usl";
  const isUsl = law === "usl";
  const parts = [
    ["sigma", figure(sigma ?? 0)] as const,
    ...(isUsl ? [["kappa", figure(kappa ?? 0)] as const] : []),
    ...(isUsl && peak != null ? [["peak", figure(peak)] as const] : []),
    ["residual", formatShare(residual ?? 0, locale)] as const,
  ];
  return (
    <>
      <Explained says={t(`scaling.law.${law}.says`)}>{t(`scaling.law.${law}`)}</Explained>
      {parts.map(([name, value], index) => (
        <Fragment key={name}>
          {index === 0 ? ": " : ", "}
          <Explained says={t(`scaling.${name}.says`)}>{t(`scaling.${name}`, { value })}</Explained>
        </Fragment>
      ))}
      .
    </>
  );
}

function CurveWords({ curve, label }: { curve: ScalingCurve; label: string }) {
  const locale = language.value;
  const last = curve.points[curve.points.length - 1];
  if (!last) return null;
  const knee = kneeOf(curve);
  const growth = {
    factor: formatNumber(Number(last.speedup.toPrecision(3)), locale),
    from: curve.points[0]?.n ?? 0,
    to: last.n,
  };
  const limits = [...new Set(curve.points.map(({ limit }) => limit))].map((limit) => t(`advice.limit.${limit}`)).join(" → ");
  return (
    <li>
      <strong>{label}</strong>{" "}
      {knee === null ? t("scaling.grows.on", growth) : t("scaling.grows", { ...growth, knee })}{" "}
      <span class="is-muted">
        {limits.charAt(0).toLocaleUpperCase(locale) + limits.slice(1)}. <FitWords curve={curve} />
      </span>
    </li>
  );
}

/** The chart's figures: a row for each size, a column for each curve. */
function CurvesTable(props: { curves: readonly ScalingCurve[]; labels: readonly string[]; title: string; axis: Axis }) {
  const { curves, labels, title, axis } = props;
  const sizes = [...new Set(curves.flatMap(({ points }) => points.map(({ n }) => n)))].sort((a, b) => a - b);
  const figure = (value: number): string => formatMetric(value, "1/s", language.value);
  return (
    <details class="disclosure">
      <summary>{t("twin.table")}</summary>
      <ScrollFrame label={title} isHigh>
        <table class="table">
          <caption class="visually-hidden">{title}</caption>
          <thead>
            <tr>
              <th scope="col" class="is-number">
                {t(`scaling.axis.${axis}`)}
              </th>
              {labels.map((label) => (
                <th key={label} scope="col" class="is-number">
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {sizes.map((size) => (
              <tr key={size}>
                <th scope="row" class="is-number">
                  {formatNumber(size, language.value)}
                </th>
                {curves.map(({ points }, index) => {
                  const point = points.find(({ n }) => n === size);
                  return (
                    <td key={labels[index]} class="is-number">
                      {point ? figure(point.throughput_per_s) : "–"}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollFrame>
    </details>
  );
}

export function ScalingSection({ document }: { document: unknown }) {
  const chosen = gridView.value.curves;
  const all = advice.value?.curves ?? [];
  const usable = useMemo(() => all.filter(({ points }) => points.length >= POINTS_MIN), [all]);
  const axes = [...new Set(usable.map(({ axis }) => axis))];
  const axis = axes.find((candidate) => candidate === chosen) ?? axes[0];
  const curves = useMemo(
    () => usable.filter((curve) => curve.axis === axis).slice(0, CURVES_MAX),
    [usable, axis],
  );
  const xs = useMemo(() => scalingAxis(curves), [curves]);
  const series = useMemo(
    () => scalingSeries(curves, xs, (curve) => labelOf(curve, curves, document)),
    [curves, xs, document, language.value],
  );
  const locale = language.value;
  const formatY = useMemo(() => (value: number) => formatMetric(value, "1/s", locale), [locale]);
  if (!axis || curves.length === 0) return null;
  const title = t(`scaling.title.${axis}`);
  return (
    <section class="sweep" aria-label={title}>
      <div class="sweep-tools">
        <h2 class="chart-title">{title}</h2>
        {axes.length > 1 && (
          <label class="picker">
            <span class="picker-label">{t("experiment.chart.axis")}</span>
            <Select
              value={axis}
              choices={axes.map((one) => ({ value: one, text: t(`scaling.axis.${one}`) }))}
              onChoose={(value) => changeGridView({ curves: value as Axis })}
            />
          </label>
        )}
      </div>
      {advice.value?.complete === false && (
        <p class="section-note advice-preliminary">
          {t("advice.preliminary", { done: advice.value.cells_done, count: advice.value.cells })}
        </p>
      )}
      <ScalingChart
        label={title}
        axisLabel={t(`scaling.axis.${axis}`)}
        valueLabel={t("scaling.axis.y")}
        xs={xs}
        series={series}
        note={t("scaling.note")}
        theme={theme.value}
        formatY={formatY}
      />
      <ul class="scaling-list">
        {curves.map((curve, index) => (
          <CurveWords
            key={series[index]?.label ?? index}
            curve={curve}
            label={series[index]?.label ?? ""}
          />
        ))}
      </ul>
      <CurvesTable curves={curves} labels={series.map(({ label }) => label)} title={title} axis={axis} />
    </section>
  );
}
