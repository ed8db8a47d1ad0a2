// SPDX-License-Identifier: MIT
// What the document does, side by side: for each cell a bar of the metric it is about and a
// picture of its timeline, drawn anew while the document changes.

import type { Cell } from "../api";
import { formatMetric, formatDuration, formatNumber } from "../lib/format";
import { placesShown } from "../lib/pools";
import { isUnfinished, jobsDone, jobsOf, stoppedAfter } from "../lib/unfinished";
import { scan, shape, written } from "../state/ask";
import { unreadFields } from "../state/ask-fields";
import { metricInfo, metricMeaning, metricTitle } from "../state/catalogue";
import { bestCells, goalOf } from "../state/cells";
import { pointWords, runtimeName, strategyName } from "../state/names";
import { language, t } from "../state/preferences";
import { isCutShort, preview, previewSize, type Preview, type PreviewedCell, previewing, trouble } from "../state/preview";
import { Icon } from "./icon";
import { Miniature } from "./miniature";
import { PictureLegend } from "./picture-legend";
import { PreviewSliders } from "./preview-sliders";
import { PythonSpeed } from "./python-speed";
import { errorWords, reasonWords, Said, type Words } from "./said";

const SHOWN = 16;
const DEFAULT_METRIC = "makespan_us";

function metricOf({ experiment }: Preview): string {
  return goalOf(experiment.document) ?? DEFAULT_METRIC;
}

function cellWords({ runtime, strategy, point }: Cell, document: unknown): { what: string; where: string } {
  const who = strategyName(strategy);
  const rest = pointWords(point, document);
  const where = [who === "" ? "" : runtimeName(runtime), ...rest].filter(Boolean).join(" · ");
  return { what: who === "" ? runtimeName(runtime) : who, where };
}

/** How far a run came that was cut, and in which time: without that, who was cut last did most. */
function doneWords(cell: Cell, document: unknown): string {
  const time = formatDuration((cell.metrics?.makespan_us?.median ?? 0) * 1000, language.value);
  const total = jobsOf(cell, document);
  if (total === "none") return t("ask.preview.until", { time });
  const count = jobsDone(cell);
  const done = formatNumber(count, language.value);
  if (total === null) return t("ask.preview.doneOfMany", { done, count, time });
  return t("ask.preview.done", { done, total: formatNumber(total, language.value), count: total, time });
}

/* Its bar is open at its end, and as long as the others of its kind. */
function BeginningFigure({ cell, document }: { cell: Cell; document: unknown }) {
  if (!cell.metrics) return null;
  return (
    <>
      <p class="preview-figure is-beginning">{doneWords(cell, document)}</p>
      <span class="bar-track" aria-hidden="true">
        <span class="bar is-open" />
      </span>
    </>
  );
}

function CellFigure({ cell, metric, top, best }: { cell: Cell; metric: string; top: number; best: boolean }) {
  const median = cell.metrics?.[metric]?.median;
  if (median === undefined) return null;
  return (
    <>
      <p class="preview-figure">
        {formatMetric(median, metricInfo(metric).unit, language.value)}
        {best && (
          <span class="bar-best">
            <Icon name="check" />
            {t("experiment.best")}
          </span>
        )}
      </p>
      <span class="bar-track" aria-hidden="true">
        <span class={best ? "bar is-best" : "bar"} style={{ width: `${top > 0 ? (100 * median) / top : 0}%` }} />
      </span>
    </>
  );
}

/** Why a cell has no picture. */
function noPictureWords({ reason, status }: Cell): Words {
  if (status === "interrupted" && previewing.value) return { text: t("ask.preview.coming") };
  return reason ? reasonWords(reason) : { text: t("ask.preview.notRun") };
}

function PreviewCell(props: { item: PreviewedCell; shown: Preview; metric: string; top: number; best: boolean }) {
  const { cell, picture } = props.item;
  const { document } = props.shown.experiment;
  const { what, where } = cellWords(cell, document);
  const isShort = cell.status === "limited" || cell.status === "interrupted";
  return (
    <li class="preview-cell" data-status={cell.status} data-cell={cell.index}>
      <div class="preview-head">
        <h4 class="preview-name">{what}</h4>
        <p class="preview-where" title={where}>{where}</p>
        {isUnfinished(cell, props.metric) ? (
          <BeginningFigure cell={cell} document={document} />
        ) : (
          <CellFigure cell={cell} metric={props.metric} top={props.top} best={props.best} />
        )}
      </div>
      {picture ? (
        <div class="preview-picture">
          <Miniature picture={picture} label={[what, where].filter(Boolean).join(", ")} />
          <p class="preview-axis">
            <span>0</span>
            {isShort && <span class="preview-cut">{t("ask.preview.cut")}</span>}
            <span>{formatDuration(picture.duration, language.value)}</span>
          </p>
        </div>
      ) : (
        <p class="preview-none">
          <Said words={noPictureWords(cell)} />
        </p>
      )}
    </li>
  );
}

/** The runtimes of one strategy side by side, whatever the order of the grid is. */
function byStrategy(items: readonly PreviewedCell[]): PreviewedCell[] {
  const groups = new Map<string, PreviewedCell[]>();
  for (const item of items) {
    const key = JSON.stringify([item.cell.strategy, item.cell.point]);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return [...groups.values()].flat();
}

function Cells({ shown }: { shown: Preview }) {
  const metric = metricOf(shown);
  const cells = shown.cells.map(({ cell }) => cell);
  // What is only begun may end before what looks best now.
  const best = isCutShort.value ? new Set<string>() : bestCells(cells, metric);
  const finished = cells.filter((cell) => !isUnfinished(cell, metric));
  const top = Math.max(0, ...finished.map((cell) => cell.metrics?.[metric]?.median ?? 0));
  const more = shown.cells.length - SHOWN;
  return (
    <>
      <ul class="preview-cells">
        {byStrategy(shown.cells).slice(0, SHOWN).map((item) => (
          <PreviewCell
            key={item.cell.index}
            item={item}
            shown={shown}
            metric={metric}
            top={top}
            best={cells.length > 1 && best.has(item.cell.id)}
          />
        ))}
      </ul>
      {more > 0 && <p class="hint">{t("ask.preview.more", { count: more })}</p>}
      <PictureLegend pictures={shown.cells.flatMap(({ picture }) => picture ?? [])} />
    </>
  );
}

/** As much room as the cells will take. */
function Skeleton() {
  const count = Math.min(SHOWN, shape.value?.cells ?? 4);
  return (
    <ul class="preview-cells" aria-busy="true" aria-label={t("app.loading")}>
      {Array.from({ length: count }, (_, index) => (
        <li key={index} class="preview-cell is-waiting" />
      ))}
    </ul>
  );
}

/** What has to be known before the pictures are read; null: they are what they seem to be. */
function warning(): Words | null {
  const found = trouble.value;
  if (found?.isTooLarge) return { text: t("ask.preview.large") };
  if (found && (found.error.problem?.status ?? 500) >= 500) return errorWords(found.error);
  if (isOutdated()) return { text: t("ask.preview.refused") };
  const shown = preview.value;
  if (!shown) return null;
  const cut = shown.cells.map(({ cell }) => cell).filter((cell) => isUnfinished(cell, metricOf(shown)));
  if (cut.length === 0) return null;
  const asked = JSON.parse(shown.text) as unknown;
  const counts = cut.map((cell) => stoppedAfter(cell, asked));
  const [count = null] = counts.filter((each) => each !== null);
  return { text: count === null ? t("ask.preview.limited") : t("ask.preview.stopped", { count }) };
}

function isOutdated(): boolean {
  return trouble.value !== null || scan.value.error !== null || unreadFields.value.size > 0;
}

function note(): string {
  const isMissing = (preview.value?.cells ?? []).some(({ cell }) => cell.status === "interrupted");
  const isShort = isMissing && !previewing.value;
  const short = isShort ? t("ask.preview.short") : t("ask.preview.note");
  const isOneSize = placesShown(written.value, previewSize.value) !== null;
  return isOneSize ? `${t("ask.preview.size")} ${short}` : short;
}

/* What is to be known of the figures, or a warning in its place, which keeps its room: below
 * nothing moves while what is typed comes to sense and goes. */
function AboveCells({ shown }: { shown: Preview | null }) {
  const warned = warning();
  const metric = shown && metricOf(shown);
  return (
    <div class="preview-above">
      {shown && metric !== null && (
        <p class={warned ? "preview-metric is-hidden" : "preview-metric"}>
          {t("ask.preview.metric", { metric: metricTitle(metric), meaning: metricMeaning(metric) })}{" "}
          <PythonSpeed document={shown.experiment.document} />
        </p>
      )}
      <p class="preview-warning" role="status">
        {warned && <Said words={warned} />}
      </p>
    </div>
  );
}

export function PreviewSection() {
  const shown = preview.value;
  const isOld = isOutdated();
  return (
    <section class="preview" aria-labelledby="preview-title" aria-busy={previewing.value}>
      <h3 id="preview-title" class="facts-title">
        {t("ask.preview")}
      </h3>
      <PreviewSliders />
      <AboveCells shown={shown} />
      <div class={isOld ? "preview-body is-old" : "preview-body"}>
        {shown ? <Cells shown={shown} /> : isOld ? null : <Skeleton />}
      </div>
      <p class="hint">{note()}</p>
    </section>
  );
}
