// SPDX-License-Identifier: MIT
// The lane names beside the drawing, with fold buttons, menus and the colour of each thread.

import { useEffect, useRef } from "preact/hooks";
import { formatNumber } from "../lib/format";
import type { Lane, Row } from "../lib/lanes";
import { isPart, type PartKind } from "../lib/loop-parts";
import { toggleFold } from "../state/arrangement";
import {
  axisOf,
  chosenCounter,
  counterOfPart,
  type CounterRow,
  partOfCounter,
  wholeCounter,
} from "../state/counters";
import { rows, rowsOnScreen, stickyCount } from "../state/lane-rows";
import { laneTitle } from "../state/lane-title";
import { threadIndex } from "../state/opened";
import { language, t } from "../state/preferences";
import { selection, sought } from "../state/timeline";
import { IDENTITY_COLOURS } from "../timeline/palette";
import { Icon } from "./icon";
import { attachLaneDrag, drop } from "./lane-drag";
import { openLaneMenu } from "./lane-menu";
import { rowShape } from "./row-shape";
import { laneFullTitle } from "./timeline-words";

function FoldButton({ row, name }: { row: Row; name: string }) {
  const fold = t(row.folded ? "timeline.unfold" : "timeline.fold", { name });
  return (
    <button
      type="button"
      class="fold"
      aria-expanded={!row.folded}
      aria-label={fold}
      title={fold}
      onClick={() => toggleFold(row.key)}
    >
      <Icon name="chevron" />
    </button>
  );
}

/** One of them is a stop of the Tab key: the keys of a lane do the same without it. */
function MenuButton({ lane, name, isStop }: { lane: number; name: string; isStop: boolean }) {
  return (
    <button
      type="button"
      class="lane-menu"
      tabIndex={isStop ? 0 : -1}
      aria-haspopup="menu"
      aria-label={t("lanes.menu", { name })}
      title={t("lanes.menu", { name })}
      onClick={(event) => openLaneMenu(lane, event.currentTarget)}
    >
      <Icon name="more" />
    </button>
  );
}

/** What the highest value of a counter's lane is. */
function Highest({ counter }: { counter: CounterRow }) {
  return (
    <span class="lane-count lane-highest">
      <span class="visually-hidden">{t("counter.axis.high")} </span>
      {formatNumber(axisOf(wholeCounter(counter)).high, language.value)}
    </span>
  );
}

/** The lane of what is looked at. */
function chosenLane(): number | null {
  const counter = chosenCounter.value;
  return selection.value?.lane ?? (counter && partOfCounter(counter)) ?? sought.value;
}

/** What a lane is, for those who point at its name. */
function meaning(lane: Lane, name: string): string {
  return isPart(lane.id) ? t(`part.${lane.kind as PartKind}`) : `${t(`kind.${lane.kind}`)} ${name}`;
}

/** What is cut off where there is no room is not the number: it tells a lane from the next. */
function LaneText({ name, title }: { name: string; title: string }) {
  const [, head = name, space = "", digits = ""] = /^(.+?)(\s*)(\d+)$/.exec(name) ?? [];
  const tail = `${digits.length + space.length / 2}ch`;
  return (
    <span class="lane-text" title={title} style={{ "--tail": tail }}>
      <span class="lane-head">{head}</span>
      {space + digits}
    </span>
  );
}

function LaneName({ row, index }: { row: Row; index: number }) {
  const { lane } = row;
  const counter = lane && counterOfPart(lane);
  const group = row.key === "cores" ? "timeline.cores" : "timeline.unusedCores";
  const name = lane ? (row.isPinned ? laneFullTitle(lane.id) : laneTitle(lane)) : t(group);
  const thread = lane ? threadIndex.value.get(lane.id) : undefined;
  const chosen = lane !== null && chosenLane() === lane.id;
  const line = drop.value?.line;
  const looks = [
    `lane-name is-${row.type}`,
    chosen ? "is-chosen" : "",
    line === index ? "has-line" : line === index + 1 ? "has-line-below" : "",
    lane && drop.value?.lane === lane.id ? "is-held" : "",
  ];
  return (
    <li
      class={looks.filter(Boolean).join(" ")}
      data-lane={lane?.id}
      data-then=".stage-plot"
      style={{ "--depth": String(row.depth) }}
    >
      {row.children > 0 && <FoldButton row={row} name={name} />}
      {(thread !== undefined || row.children === 0) && (
        <span
          class="identity"
          style={
            thread === undefined
              ? {}
              : { background: `var(--identity-${(thread % IDENTITY_COLOURS) + 1})` }
          }
        />
      )}
      {row.isPinned && <Icon name="pin" />}
      <LaneText name={name} title={lane ? meaning(lane, name) : name} />
      {row.folded && <span class="lane-count">{row.children}</span>}
      {counter && <Highest counter={counter} />}
      {lane && <MenuButton lane={lane.id} name={name} isStop={chosen} />}
    </li>
  );
}

function Names({ first, last }: { first: number; last: number }) {
  return (
    <>
      {rows.value.slice(first, last).map((row, offset) => (
        <LaneName key={row.key} row={row} index={first + offset} />
      ))}
    </>
  );
}

/** Only the names on the screen exist: a run may have thousands of tasks. */
export function LaneNames({ rowAt }: { rowAt(clientY: number): number }) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => (list.current ? attachLaneDrag(list.current, rowAt) : undefined), []);
  const sticky = stickyCount.value;
  const first = Math.max(sticky, rowsOnScreen.value.first);
  return (
    <div ref={list} class="lane-names">
      {sticky > 0 && (
        <ul class="lane-names-pinned">
          <Names first={0} last={sticky} />
        </ul>
      )}
      <ul style={{ paddingTop: `${(first - sticky) * rowShape.value.height}px` }}>
        <Names first={first} last={rowsOnScreen.value.last} />
      </ul>
    </div>
  );
}
