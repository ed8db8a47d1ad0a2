// SPDX-License-Identifier: MIT
// The range that is dragged over the timeline, exactly: who held each GIL, the longest waits and
// their blame. Its time in each state is in the table below.

import type { RangeStats } from "../api";
import { blameOfTimes } from "../lib/blame";
import { formatShare } from "../lib/format";
import type { Viewport } from "../lib/viewport";
import { language, t } from "../state/preferences";
import { chooseRange, range, rangeIsWindow, rangeStats } from "../state/range";
import { lanesById, stateName } from "../state/opened";
import { detailsFolded } from "../state/timeline";
import { show } from "../state/viewport";
import { spanOf, visit } from "../state/walk";
import { BlameBar } from "./blame-bar";
import { Icon } from "./icon";
import { ErrorText } from "./said";
import { StateSwatch } from "./state-swatch";
import { Fold } from "./timeline-details";
import { duration, instant, laneFullTitle, spanTitle } from "./timeline-words";
import { ToolButton } from "./tool-button";

/* A process with an interpreter for each core has as many GILs. */
const GILS_SHOWN = 6;

/** Who held each GIL, those first that were held most. */
function Gils({ stats }: { stats: RangeStats }) {
  const { lane, state, resource, ns } = stats.holdings;
  const gils = stats.lanes.flatMap(({ id, totals }) =>
    lanesById.value.get(id)?.kind === "gil" ? [{ id, held: totals.held ?? 0 }] : [],
  );
  const shown = gils.sort((a, b) => b.held - a.held).slice(0, GILS_SHOWN);
  return (
    <>
      {shown.map(({ id, held }) => {
        const rows = lane.flatMap((of, row) =>
          of === id && stateName(state[row] ?? -1) === "held" ? [row] : [],
        );
        const holders = rows.map((row) => resource[row] ?? -1);
        const times = rows.map((row) => ns[row] ?? 0);
        const length = stats.to - stats.from;
        const title = t("range.gil", {
          gil: laneFullTitle(id),
          share: formatShare(held / length, language.value),
        });
        return <BlameBar key={id} title={title} blame={blameOfTimes(holders, times, length)} />;
      })}
    </>
  );
}

/** How much of a wait is within the range. */
function timeInside(wait: RangeStats["waits"][number], ends: Viewport): number {
  return Math.min(wait.span.end ?? ends.to, ends.to) - Math.max(wait.span.start, ends.from);
}

/** How long the wait is, by which they are in order; and how much of it the range has, if less. */
function lengthWords(wait: RangeStats["waits"][number], ends: Viewport): string {
  const inside = timeInside(wait, ends);
  const whole = wait.span.end === null ? inside : wait.span.end - wait.span.start;
  if (whole <= inside) return duration(inside);
  return t("range.wait.inside", { whole: duration(whole), inside: duration(inside) });
}

/** "producer 1 79 %, nobody 21 %": whom a wait is to be blamed on. */
function culprits(wait: RangeStats["waits"][number], ends: Viewport): string {
  if (!wait.blame) return "";
  const { shares } = blameOfTimes(wait.blame.holder, wait.blame.ns, timeInside(wait, ends));
  return shares
    .slice(0, 2)
    .map(({ holder, share }) => `${laneFullTitle(holder)} ${formatShare(share, language.value)}`)
    .join(", ");
}

function Waits({ stats }: { stats: RangeStats }) {
  if (stats.waits.length === 0) return null;
  return (
    <div class="range-waits">
      <h3 class="blame-title">{t("range.waits")}</h3>
      <ol class="range-wait-list">
        {stats.waits.map((wait) => {
          const span = spanOf(wait.span);
          const blamed = culprits(wait, stats);
          return (
            <li key={`${span.lane}.${span.start}`}>
              <button type="button" class="fact-link" onClick={() => visit(span)}>
                <StateSwatch state={wait.span.state} /> {laneFullTitle(span.lane)}{" "}
                {spanTitle(span)}: {lengthWords(wait, stats)}
              </button>
              {blamed !== "" && <span class="is-muted"> {blamed}</span>}
            </li>
          );
        })}
      </ol>
    </div>
  );
}

function Stats() {
  const stats = rangeStats.value;
  if (stats.status === "failed") {
    return (
      <p class="blame-damaged" role="alert">
        <ErrorText error={stats.error} />
      </p>
    );
  }
  if (stats.status !== "ready") return <p class="is-muted">{t("app.loading")}</p>;
  return (
    <>
      <Gils stats={stats.value} />
      <Waits stats={stats.value} />
      {stats.value.damages.length > 0 && (
        <p class="blame-damaged" role="alert">
          {t("range.damaged", { count: stats.value.damages.length })}
        </p>
      )}
    </>
  );
}

/** Where it has nothing to do it stays in reach, with the focus. */
function ZoomTo({ ends }: { ends: Viewport }) {
  const isThere = rangeIsWindow.value;
  return (
    <button type="button" class="button is-small" aria-disabled={isThere} onClick={() => isThere || show(ends)}>
      <Icon name="focus" />
      {t("range.zoom")}
    </button>
  );
}

export function RangeDetails() {
  const ends = range.value;
  if (!ends) return null;
  return (
    <section class={detailsFolded.value ? "details range is-folded" : "details range"} data-then=".stage-plot" aria-labelledby="range-title" aria-live="polite">
      <div class="details-head">
        <h2 id="range-title" class="details-title">
          {t("range.title", { length: duration(ends.to - ends.from) })}
          <span class="details-lane">
            {t("timeline.window", { from: instant(ends.from, ends), to: instant(ends.to, ends) })}
          </span>
        </h2>
        <div class="details-actions">
          <ZoomTo ends={ends} />
          <Fold />
          <ToolButton icon="close" label={t("range.close")} act={() => chooseRange(null)} />
        </div>
      </div>
      <div class="details-body">
        <Stats />
      </div>
    </section>
  );
}
