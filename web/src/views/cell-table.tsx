// SPDX-License-Identifier: MIT
// The cells of a grid as rows. The bar is the median over the repetitions, the whisker its 95 %
// interval; all bars share one scale that begins at zero.

import { useMemo, useState } from "preact/hooks";
import type { Cell, Limit, MetricSpread, VersusBest } from "../api";
import { familiesOf } from "../lib/families";
import { formatMetric, formatNumber } from "../lib/format";
import { whiskerOf } from "../lib/grid";
import { isOnlyStatus } from "../lib/reasons";
import { timelineRoute } from "../lib/route";
import { metricInfo, metricTitle } from "../state/catalogue";
import { limits } from "../state/advice";
import { bestCells, rankOf, runToShow } from "../state/cells";
import { cellName, fieldTitle, fieldValue, runtimeName, strategyName } from "../state/names";
import { language, t } from "../state/preferences";
import { changeGridView, gridView } from "../state/router";
import { Explained } from "./explained";
import { Status } from "./feedback";
import { rowAfter } from "./focus-keeper";
import { Icon } from "./icon";
import { reasonWords, Said } from "./said";
import { ScrollFrame } from "./scroll-frame";

/* Who lays out ten thousand rows at once keeps the reader waiting for many seconds. */
const ROWS = 300;
/* So few have a row each, whatever they are. */
const FEW = 8;

const ratioWords = (ratio: number): string => formatNumber(Number(ratio.toPrecision(3)), language.value);

/** "1.25 x the best": how many times as large the goal is as in the best cell. */
function VersusFigure({ versus }: { versus: VersusBest }) {
  if (versus.ratio === null) return null;
  return <span class="bar-range">{t("experiment.versus", { ratio: ratioWords(versus.ratio) })}</span>;
}

/** Between what that may be; null where it is certain. */
function versusInterval(versus: VersusBest | null): string | null {
  const [low, high] = versus?.ratio_95 ?? [0, 0];
  return low < high ? t("experiment.versus.interval", { low: ratioWords(low), high: ratioWords(high) }) : null;
}

function MetricBar(props: {
  spread: MetricSpread;
  versus: VersusBest | null;
  top: number;
  unit: string;
  best: boolean;
}) {
  const { spread, versus, top, unit, best } = props;
  const share = (value: number): number => (top > 0 ? (100 * value) / top : 0);
  const words = (value: number): string => formatMetric(value, unit, language.value);
  const whisker = whiskerOf(spread);
  const interval = whisker && {
    low: words(whisker.low),
    high: words(whisker.high),
    min: words(spread.min),
    max: words(spread.max),
    n: formatNumber(spread.n, language.value),
  };
  const intervals = [interval && t("experiment.interval", interval), versusInterval(versus)].filter((each) => each !== null);
  return (
    <div class="bar-cell">
      <span class="bar-figure">
        {intervals.length > 0 ? (
          <Explained says={intervals.join(". ")}>{words(spread.median)}</Explained>
        ) : (
          words(spread.median)
        )}
        {interval && interval.low !== interval.high && (
          <span class="bar-range" aria-hidden="true">
            {`${interval.low} – ${interval.high}`}
          </span>
        )}
        {best && (
          <span class="bar-best">
            <Icon name="check" />
            {t("experiment.best")}
          </span>
        )}
        {!best && versus && <VersusFigure versus={versus} />}
      </span>
      <span class="bar-track" aria-hidden="true">
        <span class={best ? "bar is-best" : "bar"} style={{ width: `${share(spread.median)}%` }} />
        {whisker && (
          <span
            class="bar-whisker"
            style={{
              left: `${share(whisker.low)}%`,
              width: `${share(whisker.high - whisker.low)}%`,
            }}
          />
        )}
      </span>
    </div>
  );
}

function TimelineLink({ cell, document }: { cell: Cell; document: unknown }) {
  const run = runToShow(cell);
  if (!run) return null;
  return (
    <a
      class="button is-small"
      href={timelineRoute(run.id)}
      aria-label={t("experiment.open.label", { cell: cellName(cell, document) })}
    >
      {t("experiment.open")}
      <Icon name="chevron" />
    </a>
  );
}

/** The comparison with another cell in the metric that is shown. */
function beside(cell: Cell, metric: string | null): VersusBest | null {
  const versus = cell.versus_best;
  return versus && versus.metric === metric && versus.cell !== cell.id ? versus : null;
}

/** Of how many sizes this is the best, and what keeps it from being faster. */
function StrategyNotes({ sizes, limit }: { sizes: number; limit: Limit | undefined }) {
  const words = [
    ...(sizes > 1 ? [t("experiment.sizes.best", { count: sizes })] : []),
    ...(limit ? [t(`advice.limit.${limit}`)] : []),
  ];
  return words.length > 0 ? <span class="cell-note">{words.join(" · ")}</span> : null;
}

/** Drawn again only when one of these is another: a grid may have ten thousand of them. */
function Row(props: {
  cell: Cell;
  /** Of which it is the best one. */
  sizes: number;
  limit: Limit | undefined;
  document: unknown;
  /** Sweep pointers with the words for them. */
  axes: readonly { pointer: string; words: string }[];
  metric: string | null;
  top: number;
  best: boolean;
}) {
  const { cell, metric } = props;
  const spread = metric === null ? null : (cell.metrics?.[metric] ?? null);
  const unit = metric === null ? "" : metricInfo(metric).unit;
  const unstable = cell.status === "done" && (cell.metrics?.unstable?.max ?? 0) > 0;
  return (
    <tr data-cell={cell.id} data-status={cell.status}>
      <th scope="row" class="cell-main" title={cell.runtime}>
        {runtimeName(cell.runtime)}
      </th>
      <td data-label={t("experiment.column.strategy")} title={cell.strategy}>
        {strategyName(cell.strategy)}
        <StrategyNotes sizes={props.sizes} limit={props.limit} />
      </td>
      {props.axes.map(({ pointer, words }) => (
        <td key={pointer} class="is-number" data-label={words}>
          {fieldValue(pointer, cell.point[pointer])}
        </td>
      ))}
      <td data-label={t("experiment.column.status")}>
        <Status status={cell.status} />
        {cell.reason && !isOnlyStatus(cell.status, cell.reason) && (
          <span class="cell-reason">
            {unstable ? (
              <Explained says={reasonWords(cell.reason)}>{t("experiment.unstable")}</Explained>
            ) : (
              <Said words={reasonWords(cell.reason)} />
            )}
          </span>
        )}
      </td>
      <td class="cell-bar" data-label={metric === null ? "" : metricTitle(metric)}>
        {!spread && unstable && (
          <Said words={reasonWords(cell.reason ?? "")} className="cell-reason" />
        )}
        {spread && (
          <MetricBar
            spread={spread}
            versus={beside(cell, metric)}
            top={props.top}
            unit={unit}
            best={props.best}
          />
        )}
      </td>
      <td class="cell-action" data-label={t("experiment.column.timeline")}>
        <TimelineLink cell={cell} document={props.document} />
      </td>
    </tr>
  );
}

/** The metric's column head: pressing it sorts by the metric, pressing again undoes it. */
function MetricHead(props: { metric: string | null; sorted: boolean; toggle(): void }) {
  const { metric, sorted } = props;
  const order =
    metric !== null && metricInfo(metric).better === "higher" ? "descending" : "ascending";
  return (
    <th scope="col" class="cell-bar" aria-sort={sorted ? order : "none"}>
      {metric !== null && (
        <button
          type="button"
          class="sort"
          title={t(sorted ? "experiment.unsort" : "experiment.sort")}
          onClick={props.toggle}
        >
          {metricTitle(metric)}
          <span class={`sort-mark is-${sorted ? order : "none"}`} aria-hidden="true" />
        </button>
      )}
    </th>
  );
}

interface Shown {
  cell: Cell;
  sizes: number;
}

/** What the table has, in the order of the document: the best size of each pool, or all. */
function shownOf(cells: readonly Cell[], metric: string | null, isWhole: boolean): Shown[] {
  if (isWhole || cells.length <= FEW) return cells.map((cell) => ({ cell, sizes: 1 }));
  return familiesOf(cells, (cell) => rankOf(cell, metric)).map(({ best, sizes }) => ({ cell: best, sizes }));
}

/** Best first; cells without a figure last. */
function sorted(shown: readonly Shown[], metric: string): Shown[] {
  const key = ({ cell }: Shown): number => {
    const rank = rankOf(cell, metric);
    return Number.isNaN(rank) ? Infinity : rank;
  };
  return [...shown].sort((a, b) => key(a) - key(b) || a.cell.index - b.cell.index);
}

/** Which rows the table has. */
export function SizesSwitch({ cells }: { cells: readonly Cell[] }) {
  const families = useMemo(() => familiesOf(cells, () => NaN).length, [cells]);
  if (cells.length <= FEW || families === cells.length) return null;
  return (
    <div class="switch" role="group" aria-label={t("experiment.sizes")}>
      {[false, true].map((isWhole) => (
        <button
          key={String(isWhole)}
          type="button"
          class="switch-choice is-text"
          aria-pressed={gridView.value.isWhole === isWhole}
          onClick={() => changeGridView({ isWhole })}
        >
          {isWhole ? t("experiment.sizes.all", { cells: cells.length }) : t("experiment.sizes.each")}
        </button>
      ))}
    </div>
  );
}

export function CellTable(props: {
  cells: readonly Cell[];
  document: unknown;
  metric: string | null;
  /** It is seen to grow: rows are from the beginning as high as they become. */
  isWatched: boolean;
}) {
  const { cells, document, metric } = props;
  const { isSorted, isWhole } = gridView.value;
  const [room, setRoom] = useState(ROWS);
  const rows = useMemo(() => shownOf(cells, metric, isWhole), [cells, metric, isWhole]);
  const shown = isSorted && metric !== null ? sorted(rows, metric) : rows;
  const known = limits.value;
  const pointers = [...new Set(cells.flatMap((cell) => Object.keys(cell.point)))];
  const axes = useMemo(
    () => pointers.map((pointer) => ({ pointer, words: fieldTitle(pointer, document) })),
    [pointers.join(), document, language.value],
  );
  const maxima = cells.map((cell) => (metric === null ? 0 : (cell.metrics?.[metric]?.max ?? 0)));
  const top = Math.max(0, ...maxima);
  const best = metric === null ? new Set<string>() : bestCells(cells, metric);
  const actors = cells.every(({ strategy }) => strategyName(strategy) === "");
  const { repetitions = 1 } = document as { repetitions?: number };
  const look = [
    "table grid-table is-stacking",
    ...(actors ? ["no-strategy"] : []),
    ...(props.isWatched ? ["is-watched"] : []),
    ...(props.isWatched && repetitions > 1 ? ["has-intervals"] : []),
  ];
  return (
    <>
      <ScrollFrame label={t("experiment.grid")}>
        <table class={look.join(" ")}>
          <thead>
            <tr>
              <th scope="col">{t("experiment.column.runtime")}</th>
              <th scope="col">{t("experiment.column.strategy")}</th>
              {axes.map(({ pointer, words }) => (
                <th key={pointer} scope="col" class="is-number" title={pointer}>
                  {words}
                </th>
              ))}
              <th scope="col">{t("experiment.column.status")}</th>
              <MetricHead metric={metric} sorted={isSorted} toggle={() => changeGridView({ isSorted: !isSorted })} />
              <th scope="col" class="cell-action">
                {t("experiment.column.timeline")}
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.slice(0, room).map(({ cell, sizes }) => (
              <Row
                key={cell.id}
                cell={cell}
                sizes={sizes}
                limit={known.get(cell.id)}
                document={document}
                axes={axes}
                metric={metric}
                top={top}
                best={best.has(cell.id)}
              />
            ))}
          </tbody>
        </table>
      </ScrollFrame>
      {shown.length > room && (
        <button
          type="button"
          class="button table-more"
          data-then={rowAfter(".grid-table tbody tr", room)}
          onClick={() => setRoom(room + ROWS)}
        >
          {t("experiment.rows.more", { count: shown.length - room })}
        </button>
      )}
    </>
  );
}
