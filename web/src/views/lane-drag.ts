// SPDX-License-Identifier: MIT
// A lane's name is dragged to another place among the lanes of its group. Where it would come to
// stand is a line between two names; Escape leaves it where it was.

import { signal } from "@preact/signals";
import { rows } from "../state/lane-rows";
import { moveBy } from "./lane-actions";

const SLACK = 5;

export interface Drop {
  lane: number;
  /** How many places down, or up. */
  by: number;
  /** The row before which the line is drawn. */
  line: number;
}

export const drop = signal<Drop | null>(null);

/** The rows of a lane's group, as places that it can have. */
function placesOf(lane: number): number[] {
  const list = rows.peek();
  const own = list.find((row) => row.lane?.id === lane);
  return list.flatMap((row, index) => (row.lane && row.within === own?.within ? [index] : []));
}

/** Where a lane comes when it is let go over the row at `at`, which may be a broken number. */
export function dropAt(lane: number, at: number): Drop | null {
  const list = rows.peek();
  const places = placesOf(lane);
  const from = places.findIndex((index) => list[index]?.lane?.id === lane);
  if (from < 0) return null;
  const before = places.filter((index, place) => place !== from && index + 0.5 < at).length;
  if (before === from) return null;
  const rest = places.filter((_, place) => place !== from);
  const last = rest[rest.length - 1] ?? 0;
  return { lane, by: before - from, line: rest[before] ?? last + 1 };
}

/** `rowAt` gives the row at a height of the screen, with its fraction. */
export function attachLaneDrag(list: HTMLElement, rowAt: (clientY: number) => number): () => void {
  let held: { lane: number; y: number; pointer: number } | null = null;
  const end = (): void => {
    held = null;
    drop.value = null;
    list.classList.remove("is-moving");
  };
  const onDown = (event: PointerEvent): void => {
    const target = event.target as HTMLElement;
    const name = target.closest<HTMLElement>(".lane-name[data-lane]");
    if (!name || event.button !== 0 || target.closest("button") || event.pointerType === "touch") return;
    held = { lane: Number(name.dataset.lane), y: event.clientY, pointer: event.pointerId };
  };
  const onMove = (event: PointerEvent): void => {
    if (!held || event.pointerId !== held.pointer) return;
    if (!list.classList.contains("is-moving")) {
      if (Math.abs(event.clientY - held.y) < SLACK) return;
      list.setPointerCapture(event.pointerId);
      list.classList.add("is-moving");
    }
    drop.value = dropAt(held.lane, rowAt(event.clientY));
  };
  const onUp = (): void => {
    const place = drop.peek();
    end();
    if (place) moveBy(place.lane, place.by);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || !held) return;
    event.stopPropagation();
    end();
  };
  list.addEventListener("pointerdown", onDown);
  list.addEventListener("pointermove", onMove);
  list.addEventListener("pointerup", onUp);
  list.addEventListener("pointercancel", end);
  window.addEventListener("keydown", onKey, true);
  return () => {
    end();
    list.removeEventListener("pointerdown", onDown);
    list.removeEventListener("pointermove", onMove);
    list.removeEventListener("pointerup", onUp);
    list.removeEventListener("pointercancel", end);
    window.removeEventListener("keydown", onKey, true);
  };
}
