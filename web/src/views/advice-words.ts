// SPDX-License-Identifier: MIT
// What is said of a recommended cell: by how much it is worse, what limits it, what it takes, and
// how far off its figure may be.

import type { Interval, Recommendation, Recommended } from "../api";
import { formatBytes, formatMetric, formatNumber, formatShare } from "../lib/format";
import { lostShare } from "../lib/grid";
import { metricInfo, metricTitle } from "../state/catalogue";
import { modelName } from "../state/names";
import { language, t } from "../state/preferences";

/** The one that is recommended. */
export function chosenOf(item: Recommendation): Recommended {
  return item.verdict === "stay" || item.verdict === "unsure" ? item.first : item.best;
}

export function valueWords({ value }: Recommended, goal: string): string {
  return value === null ? "" : formatMetric(value, metricInfo(goal).unit, language.value);
}

/** "12 times as long as the best"; which way round a factor is said. */
function timesWords(loss: number, goal: string): string {
  const { better, unit } = metricInfo(goal);
  const how = better === "higher" ? "less" : unit === "us" ? "longer" : "more";
  return t(`advice.times.${how}`, { count: Number(loss.toPrecision(3)) });
}

/** "worse by 12 %", or how many times as long as the best from twice as long on; null: it is not. */
export function lossOf({ loss, loss_95 }: Recommended, goal: string): string | null {
  if (loss === null || loss < 1.005) return null;
  const locale = language.value;
  const { better } = metricInfo(goal);
  const isShare = loss < 2;
  const figure = (one: number): string =>
    isShare
      ? formatShare(lostShare(one, better), locale)
      : formatNumber(Number(one.toPrecision(3)), locale);
  const [low, high] = loss_95 ?? [0, 0];
  const words = isShare ? t("advice.loss", { loss: figure(loss) }) : timesWords(loss, goal);
  if (low >= high || low <= 0 || figure(low) === figure(high)) return words;
  const interval = { low: figure(low), high: figure(high) };
  return isShare
    ? t("advice.loss.interval", { loss: figure(loss), ...interval })
    : t("advice.times.interval", { words, ...interval });
}

/** How many per cent an error of ln(predicted / measured) is. */
export function errorWords(error: number): string {
  return formatShare(Math.expm1(error), language.value);
}

/** Why the difference to the best one says nothing; null when it does. */
export function nearWords(one: Recommended): string | null {
  if (one.told_apart || one.loss_error === null) return null;
  return t("advice.near", { error: errorWords(one.loss_error) });
}

/** Whom the model cannot tell from the one that is recommended as the best; null: nobody. */
export function tieOf(item: Recommendation): Recommended | null {
  const { best, runner_up } = item;
  if (chosenOf(item).cell !== best.cell) return item.verdict === "unsure" ? best : null;
  return runner_up !== null && nearWords(runner_up) !== null ? runner_up : null;
}

/** "A tie with 8 processes, 1.2 s: the model may be wrong by 26 %, …": by how much the model may be
 * off is known of whichever of the two is not the best. */
export function tieWords(item: Recommendation, goal: string): string | null {
  const other = tieOf(item);
  const error = other?.loss_error ?? chosenOf(item).loss_error;
  if (other === null || error === null) return null;
  return t("advice.tie", { name: modelName(other), value: valueWords(other, goal), error: errorWords(error) });
}

/** "cores 83 % busy": how much of the machine one of the cells named beside each other uses. */
export function busyWords({ metrics }: Recommendation, who: "best" | "runner_up" | "first"): string | null {
  const share = metrics.find(({ name }) => name === "core_utilisation")?.[who] ?? null;
  return share === null ? null : t("advice.busy", { share: formatShare(share, language.value) });
}

/** "75 MB of memory"; null where it is not known. */
export function memoryWords({ memory_bytes }: Recommended): string | null {
  return memory_bytes === null ? null : t("advice.memory", { memory: formatBytes(memory_bytes, language.value) });
}

export function intervalWords(interval: Interval, unit: string): string {
  if (interval === null) return t("advice.range.none");
  const [low, high] = interval;
  return t("advice.range.interval", {
    low: formatMetric(low, unit, language.value),
    high: formatMetric(high, unit, language.value),
  });
}

/** Of latencies only medians were compared with real Python. */
export function modelWords({ model }: Recommended, goal: string): string {
  if (model.median === null || model.p90 === null) return t("advice.range.none");
  const words = t("advice.model", {
    median: errorWords(model.median),
    p90: errorWords(model.p90),
    rows: model.rows,
  });
  if (model.of !== "median_latency") return words;
  const open = goal === "latency_p50_us" ? "" : t("advice.model.open", { metric: metricTitle(goal) });
  return `${t("advice.model.latency", { words })}${open}`;
}
