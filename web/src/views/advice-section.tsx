// SPDX-License-Identifier: MIT
// The answer on top of the page: whom to choose for the document's goal, and by how much.

import type { ExperimentAdvice, Interval, Recommendation, Recommended } from "../api";
import { formatDuration, formatMetric, formatNumber, formatShare } from "../lib/format";
import { compactLabel, lostShare, pointerLabel } from "../lib/grid";
import { advice } from "../state/advice";
import { metricInfo, metricTitle } from "../state/catalogue";
import { language, t } from "../state/preferences";
import { Icon } from "./icon";
import { leftOutWords, Said } from "./said";

/* As many points of a sweep as are read; the table below has all. */
const SHOWN = 8;

/** "threads(8) on cpython-3.12"; actors say themselves who executes what. */
function nameOf(one: Recommended): string {
  const { strategy, runtime } = one;
  return strategy === "actors" ? runtime : t("advice.name", { strategy, runtime });
}

/** "worse by 12 %", or by "a factor of 2.5" from twice as much on. */
function lossOf({ loss, loss_95 }: Recommended, goal: string): string | null {
  if (loss === null || loss < 1.005) return null;
  const locale = language.value;
  const { better } = metricInfo(goal);
  const figure = (one: number): string =>
    loss < 2
      ? formatShare(lostShare(one, better), locale)
      : t("advice.factor", { factor: formatNumber(Number(one.toPrecision(3)), locale) });
  const [low, high] = loss_95 ?? [0, 0];
  return low < high && low > 0
    ? t("advice.loss.interval", { loss: figure(loss), low: figure(low), high: figure(high) })
    : t("advice.loss", { loss: figure(loss) });
}

/** Why the difference to the best one says nothing; null when it does. */
function nearWords(one: Recommended): string | null {
  if (one.told_apart || one.loss_error === null) return null;
  return t("advice.near", { error: errorWords(one.loss_error) });
}

/** The one that is recommended. */
function chosenOf(item: Recommendation): Recommended {
  return item.verdict === "stay" || item.verdict === "unsure" ? item.first : item.best;
}

function intervalWords(interval: Interval, unit: string): string {
  if (interval === null) return t("advice.range.none");
  const [low, high] = interval;
  return t("advice.range.interval", {
    low: formatMetric(low, unit, language.value),
    high: formatMetric(high, unit, language.value),
  });
}

/** How many per cent an error of ln(predicted / measured) is. */
function errorWords(error: number): string {
  return formatShare(Math.expm1(error), language.value);
}

/** Of latencies only medians were compared with real Python. */
function modelWords({ model }: Recommended, goal: string): string {
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

function pointWords(point: Record<string, unknown>, document: unknown): string {
  return Object.entries(point)
    .map(([pointer, value]) => `${pointerLabel(pointer, document)} ${compactLabel(value)}`)
    .join(" · ");
}

function Beside({ label, one, goal }: { label: string; one: Recommended; goal: string }) {
  const { unit } = metricInfo(goal);
  const value = one.value === null ? "" : formatMetric(one.value, unit, language.value);
  const loss = lossOf(one, goal);
  return (
    <li class="advice-beside">
      <span class="advice-label">{label}</span>
      <span>
        {nameOf(one)}: {value}
        {loss !== null && <span class="is-muted">{` ${loss}`}</span>}
        {nearWords(one) !== null && <span class="is-muted">{`; ${nearWords(one)}`}</span>}
        <span class="is-muted">{` · ${t(`advice.limit.${one.limit}`)}`}</span>
      </span>
    </li>
  );
}

/** Spread and error of the model, apart; which of them is wider; and what was not measured. */
function Range({ one, goal }: { one: Recommended; goal: string }) {
  const { unit } = metricInfo(goal);
  const wider = (by: Recommended["range_by"]) =>
    one.range_by === by && <span class="is-muted">{` (${t("advice.range.wider")})`}</span>;
  return (
    <ul class="advice-others">
      <li class="advice-beside">
        <span class="advice-label">{t("advice.range.spread")}</span>
        <span>
          {intervalWords(one.spread_95, unit)}
          {wider("spread")}
        </span>
      </li>
      <li class="advice-beside">
        <span class="advice-label">{t("advice.range.model")}</span>
        <span>
          {one.range_by === "model" && `${intervalWords(one.range, unit)}: `}
          {modelWords(one, goal)}
          {wider("model")}
        </span>
      </li>
      {one.model.outside.length > 0 && (
        <li class="advice-beside">
          <span class="advice-label">{t("advice.outside")}</span>
          <span>{one.model.outside.map((word) => t(`advice.outside.${word}`)).join(" · ")}</span>
        </li>
      )}
    </ul>
  );
}

function Answer(props: { item: Recommendation; goal: string; document: unknown }) {
  const { item, goal, document } = props;
  const chosen = chosenOf(item);
  const { unit } = metricInfo(goal);
  const value = chosen.value === null ? "" : formatMetric(chosen.value, unit, language.value);
  const point = pointWords(item.point, document);
  const others = [
    ...(chosen === item.best ? [] : [{ label: "advice.best" as const, one: item.best }]),
    ...(chosen.cell === item.first.cell
      ? []
      : [{ label: "advice.first" as const, one: item.first }]),
    ...(item.runner_up === null ||
    item.runner_up.cell === item.first.cell ||
    item.runner_up.cell === chosen.cell
      ? []
      : [{ label: "advice.runnerUp" as const, one: item.runner_up }]),
  ];
  return (
    <li class="advice-item" data-verdict={item.verdict}>
      {point !== "" && <p class="advice-point">{point}</p>}
      <p class="advice-sentence">
        <Icon name="check" />
        <span>
          {t(`advice.${item.verdict}`, { name: nameOf(chosen), metric: metricTitle(goal), value })}
          <span class="is-muted">{`; ${t(`advice.limit.${chosen.limit}`)}.`}</span>
        </span>
      </p>
      {others.length > 0 && (
        <ul class="advice-others">
          {others.map(({ label, one }) => (
            <Beside key={label} label={t(label)} one={one} goal={goal} />
          ))}
        </ul>
      )}
      <Range one={chosen} goal={goal} />
    </li>
  );
}

/** Of the first recommendation: what its error was taken from. */
function Nearest({ one }: { one: Recommended }) {
  if (one.model.nearest.length === 0) return null;
  const seconds = (value: number) => formatDuration(value * 1e9, language.value);
  return (
    <>
      <p>{t("advice.nearest")}:</p>
      <ul>
        {one.model.nearest.map((row) => (
          <li key={`${row.build} ${row.family} ${row.work} ${row.workers}`}>
            {t("advice.nearest.row", {
              strategy: (row.workers ?? 1) > 1 ? `${row.strategy}(${row.workers})` : row.strategy,
              build: row.build,
              work: row.work.replaceAll(" ", ", "),
              measured: seconds(row.measured_s),
              predicted: seconds(row.predicted_s),
            })}
          </li>
        ))}
      </ul>
    </>
  );
}

function Honesty({ value }: { value: ExperimentAdvice }) {
  const first = value.recommendations[0];
  return (
    <details class="advice-honesty">
      <summary>{t("advice.honesty")}</summary>
      <p>{t("advice.honesty.spread")}</p>
      <ul>
        {value.not_modelled.map((sentence) => (
          <li key={sentence}>
            <Said words={leftOutWords(sentence)} />
          </li>
        ))}
      </ul>
      {first !== undefined && <Nearest one={chosenOf(first)} />}
    </details>
  );
}

export function AdviceSection({ document }: { document: unknown }) {
  const value = advice.value;
  if (value?.goal == null || value.recommendations.length === 0) return null;
  const { goal, recommendations } = value;
  const rest = recommendations.length - SHOWN;
  return (
    <section class="advice" aria-labelledby="advice-title">
      <h2 id="advice-title" class="section-title">
        {t("advice.title")}
      </h2>
      {!value.complete && (
        <p class="section-note advice-preliminary">
          {t("advice.preliminary", { done: value.cells_done, count: value.cells })}
        </p>
      )}
      <ul class="advice-list">
        {recommendations.slice(0, SHOWN).map((item) => (
          <Answer key={JSON.stringify(item.point)} item={item} goal={goal} document={document} />
        ))}
      </ul>
      {rest > 0 && <p class="section-note">{t("advice.more", { count: rest })}</p>}
      <Honesty value={value} />
    </section>
  );
}
