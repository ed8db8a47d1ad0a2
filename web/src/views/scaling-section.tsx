// SPDX-License-Identifier: MIT
// Throughput over workers or cores, with the laws of scaling that fit, or why none does.

import { useMemo, useState } from "preact/hooks";
import type { ScalingCurve } from "../api";
import { formatMetric, formatNumber, formatShare } from "../lib/format";
import { compactLabel, pointerLabel } from "../lib/grid";
import { fitOf, kneeOf, scalingAxis, scalingSeries } from "../lib/scaling";
import { advice } from "../state/advice";
import { language, t, theme } from "../state/preferences";
import { ScalingChart } from "./lazy-charts";
import { Select } from "./select";

/* Two points are in the table already, and more than eight curves cannot be told apart. */
const POINTS_MIN = 3;
const CURVES_MAX = 8;

type Axis = ScalingCurve["axis"];

function labelOf(curve: ScalingCurve, curves: readonly ScalingCurve[], document: unknown): string {
  const manyRuntimes = new Set(curves.map(({ runtime }) => runtime)).size > 1;
  const rest = Object.entries(curve.point).map(
    ([pointer, value]) => `${pointerLabel(pointer, document)} ${compactLabel(value)}`,
  );
  const strategy = curve.strategy === "actors" ? [] : [curve.strategy];
  return [...(manyRuntimes ? [curve.runtime] : []), ...strategy, ...rest].join(" · ");
}

/** "Universal Scalability Law: sigma 0.34, kappa 0.008, peak at 9". */
function FitWords({ curve }: { curve: ScalingCurve }) {
  const locale = language.value;
  const fit = fitOf(curve);
  const figure = (value: number | null | undefined): string =>
    formatNumber(Number((value ?? 0).toPrecision(3)), locale);
  if (!fit) return <>{t("scaling.noLaw")}</>;
  const residual = formatShare(fit.residual ?? 0, locale);
  if (fit === curve.amdahl) {
    return <>{t("scaling.amdahl", { share: formatShare(fit.sigma ?? 0, locale), residual })}</>;
  }
  const values = { sigma: figure(fit.sigma), kappa: figure(fit.kappa), residual };
  return fit.peak == null ? (
    <>{t("scaling.usl", values)}</>
  ) : (
    <>{t("scaling.usl.peak", { ...values, peak: figure(fit.peak) })}</>
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
  const limits = [...new Set(curve.points.map(({ limit }) => limit))];
  return (
    <li>
      <strong>{label}</strong>{" "}
      {knee === null ? t("scaling.grows.on", growth) : t("scaling.grows", { ...growth, knee })}{" "}
      <span class="is-muted">
        <FitWords curve={curve} /> {limits.map((limit) => t(`advice.limit.${limit}`)).join(" → ")}
      </span>
    </li>
  );
}

export function ScalingSection({ document }: { document: unknown }) {
  const [chosen, setChosen] = useState<Axis | null>(null);
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
    [curves, xs, document],
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
              onChoose={(value) => setChosen(value as Axis)}
            />
          </label>
        )}
      </div>
      <ScalingChart
        label={title}
        axisLabel={t(`scaling.axis.${axis}`)}
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
    </section>
  );
}
