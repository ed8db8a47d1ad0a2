// SPDX-License-Identifier: MIT
// The cells of a grid as small timelines on one axis of time: what each does while the fastest
// one is already done.

import { useEffect, useMemo, useState } from "preact/hooks";
import type { Cell } from "../api";
import { familiesOf } from "../lib/families";
import { formatDuration } from "../lib/format";
import { formatRoute, wholeRun } from "../lib/route";
import { ticksBetween } from "../lib/ticks";
import { bestCells, rankOf } from "../state/cells";
import { cellName } from "../state/names";
import { language, t } from "../state/preferences";
import {
  type Axis,
  axis,
  axisEnd,
  canChooseAxis,
  chosenAxis,
  closeSideBySide,
  outlines,
  pictures,
  showSideBySide,
} from "../state/side-by-side";
import { rowAfter } from "./focus-keeper";
import { Icon } from "./icon";
import { Miniature } from "./miniature";
import { PictureLegend } from "./picture-legend";
import { useNear } from "./use-near";

const SHOWN_FIRST = 8;
const SHOWN_MORE = 24;
const TICKS = 5;
/* Behind this share of the axis there is no room for a tick's words. */
const LAST_TICK = 0.93;
const AXES: readonly Axis[] = ["whole", "fastest"];

interface Shown {
  run: string;
  label: string;
  best: boolean;
}

/** The best size of each pool before the others, which differ least. */
function tellingFirst(cells: readonly Cell[], metric: string | null): { cells: Cell[]; telling: number } {
  const best = new Set(familiesOf(cells, (cell) => rankOf(cell, metric)).map((family) => family.best));
  const others = cells.filter((cell) => !best.has(cell));
  return { cells: [...best, ...others], telling: others.length > 0 ? best.size : 0 };
}

/** The first run with a timeline of each cell that has one. */
function shownOf(cells: readonly Cell[], document: unknown, metric: string | null): Shown[] {
  const best = metric === null ? new Set<string>() : bestCells(cells, metric);
  return cells.flatMap((cell) => {
    const run = cell.status === "running" ? undefined : cell.runs?.find((one) => one.has_timeline);
    return run ? [{ run: run.id, label: cellName(cell, document), best: best.has(cell.id) }] : [];
  });
}

function AxisSwitch() {
  if (!canChooseAxis.value) return null;
  return (
    <div class="switch" role="group" aria-label={t("sideBySide.axis")}>
      {AXES.map((choice) => (
        <button
          key={choice}
          type="button"
          class="switch-choice is-text"
          aria-pressed={axis.value === choice}
          onClick={() => {
            chosenAxis.value = choice;
          }}
        >
          {t(`sideBySide.axis.${choice}`)}
        </button>
      ))}
    </div>
  );
}

function Ruler() {
  const end = axisEnd.value;
  const at = ticksBetween(0, end, TICKS).at.filter((time) => time <= LAST_TICK * end);
  return (
    <div class="side-ruler" aria-hidden="true">
      {at.map((time) => (
        <span key={time} style={{ left: `${(100 * time) / end}%` }}>
          {formatDuration(time, language.value)}
        </span>
      ))}
    </div>
  );
}

function Row({ shown }: { shown: Shown }) {
  const outline = outlines.value.get(shown.run);
  const picture = pictures.value.get(shown.run);
  const end = axisEnd.value;
  if (outline === null) return null;
  const ended = outline && outline.duration < end ? outline.duration / end : null;
  const to = outline ? Math.min(outline.duration, end) : end;
  return (
    <li class="side-row" data-run={shown.run}>
      <a class="side-link" href={formatRoute({ ...wholeRun(shown.run), from: 0, to })}>
        <span class="side-name">{shown.label}</span>
        <span class="side-figure">
          {outline && formatDuration(outline.duration, language.value)}
          {shown.best && (
            <span class="bar-best">
              <Icon name="check" />
              {t("experiment.best")}
            </span>
          )}
        </span>
        <span class="side-picture" data-state={picture ? "ready" : "waiting"}>
          {picture && <Miniature picture={picture} label={shown.label} />}
          {picture && ended !== null && (
            <span class="side-end" aria-hidden="true">
              <span style={{ left: `${100 * ended}%` }} />
            </span>
          )}
        </span>
      </a>
    </li>
  );
}

export function SideBySideSection(props: {
  cells: readonly Cell[];
  document: unknown;
  metric: string | null;
}) {
  const [place, near] = useNear<HTMLElement>();
  const [more, setMore] = useState(0);
  const { cells, telling } = useMemo(() => tellingFirst(props.cells, props.metric), [props.cells, props.metric]);
  const room = Math.min(SHOWN_MORE, Math.max(SHOWN_FIRST, telling)) + more;
  const all = shownOf(cells, props.document, props.metric);
  const rows = all.slice(0, room);
  const runs = rows.map(({ run }) => run).join();
  useEffect(() => {
    if (near && runs !== "") showSideBySide(runs.split(","));
  }, [near, runs]);
  useEffect(() => closeSideBySide, []);
  if (all.length < 2) return null;
  return (
    <section ref={place} class="side-by-side" aria-labelledby="side-title">
      <div class="section-head">
        <h2 id="side-title" class="section-title">
          {t("sideBySide.title")}
        </h2>
        <AxisSwitch />
      </div>
      <p class="section-note">{t(`sideBySide.note.${axis.value}`)}</p>
      <div class="side-frame">
        <Ruler />
        <ul class="side-rows">
          {rows.map((shown) => (
            <Row key={shown.run} shown={shown} />
          ))}
        </ul>
      </div>
      <PictureLegend pictures={rows.flatMap(({ run }) => pictures.value.get(run) ?? [])} />
      {all.length > room && (
        <button
          type="button"
          class="button"
          data-then={rowAfter(".side-row", room)}
          onClick={() => setMore(more + SHOWN_MORE)}
        >
          {t("sideBySide.more", { count: all.length - room })}
        </button>
      )}
    </section>
  );
}
