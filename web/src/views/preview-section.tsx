// SPDX-License-Identifier: MIT
// What the document does, side by side: for each cell a bar of the metric it is about and a
// picture of its timeline, drawn anew while the document changes.

import type { Cell } from "../api";
import { formatMetric, formatDuration } from "../lib/format";
import { placesShown } from "../lib/pools";
import { scan, shape, written } from "../state/ask";
import { metricInfo, metricMeaning, metricTitle } from "../state/catalogue";
import { bestCells, goalOf } from "../state/cells";
import { pointWords, runtimeName, strategyName } from "../state/names";
import { language, t } from "../state/preferences";
import { isCutShort, preview, previewSize, type Preview, type PreviewedCell, previewing, trouble } from "../state/preview";
import { Icon } from "./icon";
import { Miniature } from "./miniature";
import { PictureLegend } from "./picture-legend";
import { PreviewSliders } from "./preview-sliders";
import { errorWords, reasonWords, Said, type Words } from "./said";

const SHOWN = 16;
const DEFAULT_METRIC = "makespan_us";

function cellWords({ runtime, strategy, point }: Cell, document: unknown): { what: string; where: string } {
  const who = strategyName(strategy);
  const rest = pointWords(point, document);
  const where = [who === "" ? "" : runtimeName(runtime), ...rest].filter(Boolean).join(" · ");
  return { what: who === "" ? runtimeName(runtime) : who, where };
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

function PreviewCell(props: { item: PreviewedCell; shown: Preview; metric: string; top: number; best: boolean }) {
  const { cell, picture } = props.item;
  const { what, where } = cellWords(cell, props.shown.experiment.document);
  const isShort = cell.status === "limited" || cell.status === "interrupted";
  return (
    <li class="preview-cell" data-status={cell.status} data-cell={cell.index}>
      <div class="preview-head">
        <h4 class="preview-name">{what}</h4>
        <p class="preview-where" title={where}>{where}</p>
        <CellFigure cell={cell} metric={props.metric} top={props.top} best={props.best} />
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
          {cell.reason ? <Said words={reasonWords(cell.reason)} /> : t("ask.preview.notRun")}
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
  const metric = goalOf(shown.experiment.document) ?? DEFAULT_METRIC;
  const cells = shown.cells.map(({ cell }) => cell);
  // What is only begun may end before what looks best now.
  const best = isCutShort.value ? new Set<string>() : bestCells(cells, metric);
  const top = Math.max(0, ...cells.map((cell) => cell.metrics?.[metric]?.median ?? 0));
  const more = shown.cells.length - SHOWN;
  return (
    <>
      <p class="preview-metric">{t("ask.preview.metric", { metric: metricTitle(metric), meaning: metricMeaning(metric) })}</p>
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

function note(): Words {
  const found = trouble.value;
  if (found?.isTooLarge) return { text: t("ask.preview.large") };
  if (found && (found.error.problem?.status ?? 500) >= 500) return errorWords(found.error);
  if (found || scan.value.error) return { text: t("ask.preview.refused") };
  const short = isCutShort.value ? t("ask.preview.short") : t("ask.preview.note");
  const isOneSize = placesShown(written.value, previewSize.value) !== null;
  return { text: isOneSize ? `${t("ask.preview.size")} ${short}` : short };
}

export function PreviewSection() {
  const shown = preview.value;
  const isOld = trouble.value !== null || scan.value.error !== null;
  return (
    <section class="preview" aria-labelledby="preview-title" aria-busy={previewing.value}>
      <h3 id="preview-title" class="facts-title">
        {t("ask.preview")}
      </h3>
      <PreviewSliders />
      <div class={isOld ? "preview-body is-old" : "preview-body"}>
        {shown ? <Cells shown={shown} /> : isOld ? null : <Skeleton />}
      </div>
      <p class="hint" role="status">
        <Said words={note()} />
      </p>
    </section>
  );
}
