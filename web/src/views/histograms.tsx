// SPDX-License-Identifier: MIT
// How long things took in the whole run: one small chart for each histogram of the server.

import { formatMetric, formatNumber, formatShare } from "../lib/format";
import { barsOf, type Histogram, quantile } from "../lib/histogram";
import { language, t, tServer } from "../state/preferences";
import { histograms } from "../state/timeline";
import { Explained } from "./explained";

const BARS = 40;
const ROWS = 12;
const HEIGHT = 48;
const STEP = 6;
const BAR_WIDTH = 5;
/* A single value among thousands must not vanish. */
const LEAST_HEIGHT = 2;

/* The state whose colour a histogram has. */
const TOKENS: Record<string, string> = {
  gil_wait: "gil",
  gil_hold: "run",
  lock_wait: "lock",
  lock_hold: "lock",
  queueing: "ready",
  service: "run",
};

function Bars({ histogram }: { histogram: Histogram }) {
  const { counts } = barsOf(histogram, BARS);
  // Areas are what one compares: the root keeps rare values visible beside frequent ones.
  const top = Math.sqrt(Math.max(1, ...counts));
  return (
    <svg
      class="histogram-bars"
      viewBox={`0 0 ${BARS * STEP} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
      style={{ color: `var(--state-${TOKENS[histogram.name] ?? "object"})` }}
    >
      {counts.map((count, i) => {
        if (count === 0) return null;
        const tall = Math.max(LEAST_HEIGHT, (HEIGHT * Math.sqrt(count)) / top);
        return <rect key={i} x={i * STEP} y={HEIGHT - tall} width={BAR_WIDTH} height={tall} />;
      })}
    </svg>
  );
}

/** The same in fewer steps, for those who read rather than look. */
function BarsTable({ histogram }: { histogram: Histogram }) {
  const { name, unit, count } = histogram;
  const { low, high, counts } = barsOf(histogram, ROWS);
  const edge = (row: number): string => formatMetric(low * (high / low) ** (row / ROWS), unit, language.value);
  return (
    <details class="disclosure">
      <summary>{t("twin.table")}</summary>
      <table class="table histogram-table">
        <caption class="visually-hidden">{tServer("histogram", name, name.replace(/_/g, " "))}</caption>
        <thead>
          <tr>
            <th scope="col">{t("histogram.upTo")}</th>
            <th scope="col" class="is-number">
              {t("histogram.count")}
            </th>
            <th scope="col" class="is-number">
              {t("histogram.share")}
            </th>
          </tr>
        </thead>
        <tbody>
          {counts.map((many, row) =>
            many === 0 ? null : (
              <tr key={row}>
                <th scope="row">{edge(row + 1)}</th>
                <td class="is-number">{formatNumber(many, language.value)}</td>
                <td class="is-number">{formatShare(many / count, language.value)}</td>
              </tr>
            ),
          )}
        </tbody>
      </table>
    </details>
  );
}

function Chart({ histogram }: { histogram: Histogram }) {
  const { name, unit, count, min, max } = histogram;
  const figure = (value: number): string => formatMetric(value, unit, language.value);
  const { low, high } = barsOf(histogram, BARS);
  const facts = [
    [t("histogram.median"), figure(quantile(histogram, 0.5))],
    ["p99", figure(quantile(histogram, 0.99))],
    [t("histogram.longest"), figure(max)],
  ] as const;
  const spread = min < max;
  return (
    <figure class="histogram" data-histogram={name}>
      <figcaption class="histogram-title">
        <Explained says={tServer("histogram", `${name}.meaning`, histogram.meaning ?? "")}>
          {tServer("histogram", name, name.replace(/_/g, " "))}
        </Explained>
        <span class="is-muted"> {formatNumber(count, language.value)}</span>
      </figcaption>
      <Bars histogram={histogram} />
      <p class="histogram-axis" aria-hidden="true">
        <span>{spread ? figure(low) : ""}</span>
        <span>{spread ? figure(high) : ""}</span>
      </p>
      <dl class="histogram-facts">
        {facts.map(([label, text]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <BarsTable histogram={histogram} />
    </figure>
  );
}

export function Histograms() {
  const items = histograms.value;
  if (items.length === 0) return null;
  return (
    <section class="histograms" aria-labelledby="histograms-title">
      <h2 id="histograms-title" class="section-title">
        {t("histogram.title")}
      </h2>
      <p class="section-note">{t("histogram.note")}</p>
      <div class="histogram-grid">
        {items.map((histogram) => (
          <Chart key={histogram.name} histogram={histogram} />
        ))}
      </div>
    </section>
  );
}
