// SPDX-License-Identifier: MIT
// What can be done with one lane, by menu and by key. What was done is said to those who listen.

import { signal } from "@preact/signals";
import { placeBeside } from "../lib/lanes";
import { arrangement, hideLane, moveLane, togglePin } from "../state/arrangement";
import { chosenCounter, partOfCounter } from "../state/counters";
import { laneTitleById } from "./timeline-words";
import { rowOfLane, rows } from "../state/lane-rows";
import { lanesById } from "../state/opened";
import { t } from "../state/preferences";
import { selection } from "../state/timeline";

/** Said when a lane was moved, pinned or hidden. */
export const laneNews = signal("");

/** The lane whose name has the focus, else that of what is selected. */
export function laneInHand(): number | null {
  const named = document.activeElement?.closest<HTMLElement>(".lane-name[data-lane]");
  if (named) return Number(named.dataset.lane);
  const counter = chosenCounter.peek();
  return selection.peek()?.lane ?? (counter && (partOfCounter(counter) ?? counter.lane));
}

export function isPinned(lane: number): boolean {
  return arrangement.value.pin.includes(lane);
}

export function pin(lane: number | null): void {
  if (lane === null || !lanesById.peek().has(lane)) return;
  togglePin(lane);
  const key = arrangement.peek().pin.includes(lane) ? "lanes.said.pinned" : "lanes.said.unpinned";
  laneNews.value = t(key, { name: laneTitleById(lane) });
}

export function hide(lane: number | null): void {
  if (lane === null || !lanesById.peek().has(lane)) return;
  hideLane(lane);
  laneNews.value = t("lanes.said.hidden", { name: laneTitleById(lane) });
}

/** So many places up or down among the lanes of its group. */
export function moveBy(lane: number | null, by: number): void {
  if (lane === null) return;
  const after = placeBeside(rows.peek(), lane, by);
  if (after === undefined) return;
  moveLane(lane, after);
  const place = rowOfLane.peek().get(lane) ?? 0;
  laneNews.value = t("lanes.said.moved", { name: laneTitleById(lane), place: place + 1 });
}
