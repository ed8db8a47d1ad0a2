// SPDX-License-Identifier: MIT
// The menu of a lane: what its keys do, for those who do not know them.

import { signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../state/preferences";
import { hide, isPinned, moveBy, pin } from "./lane-actions";
import { laneFullTitle } from "./timeline-words";

interface Opened {
  lane: number;
  button: HTMLElement;
}

const menu = signal<Opened | null>(null);
const GAP = 4;

export function openLaneMenu(lane: number, button: HTMLElement): void {
  menu.value = { lane, button };
}

function step(list: HTMLElement, key: string): boolean {
  const items = [...list.querySelectorAll<HTMLElement>('[role="menuitem"]')];
  const here = items.indexOf(document.activeElement as HTMLElement);
  const last = items.length - 1;
  const places: Record<string, number> = {
    ArrowDown: here === last ? 0 : here + 1,
    ArrowUp: here <= 0 ? last : here - 1,
    Home: 0,
    End: last,
  };
  const place = places[key];
  if (place === undefined) return false;
  items[place]?.focus();
  return true;
}

export function LaneMenu() {
  const list = useRef<HTMLDivElement>(null);
  const open = menu.value;
  useLayoutEffect(() => {
    const element = list.current;
    if (!element || !open) return;
    element.showPopover();
    const at = open.button.getBoundingClientRect();
    const below = at.bottom + GAP + element.offsetHeight < window.innerHeight;
    element.style.left = `${at.left}px`;
    element.style.top = `${below ? at.bottom + GAP : at.top - GAP - element.offsetHeight}px`;
    element.querySelector<HTMLElement>('[role="menuitem"]')?.focus();
  }, [open]);
  if (!open) return null;
  const { lane, button } = open;
  const items = [
    { says: isPinned(lane) ? "lanes.unpin" : "lanes.pin", key: "P", act: () => pin(lane) },
    { says: "lanes.hide", key: "H", act: () => hide(lane) },
    { says: "lanes.up", key: "Alt ↑", act: () => moveBy(lane, -1) },
    { says: "lanes.down", key: "Alt ↓", act: () => moveBy(lane, 1) },
  ] as const;
  return (
    <div
      ref={list}
      popover="auto"
      class="menu"
      role="menu"
      aria-label={laneFullTitle(lane)}
      onToggle={(event) => {
        if (event.newState === "closed") menu.value = null;
      }}
      onKeyDown={(event) => {
        // The keys of the page do not count here, nor take Escape away from the menu.
        event.stopPropagation();
        if (event.key === "Tab") event.currentTarget.hidePopover();
        if (step(event.currentTarget, event.key)) event.preventDefault();
      }}
    >
      {items.map(({ says, key, act }) => (
        <button
          key={says}
          type="button"
          class="menu-item"
          role="menuitem"
          tabIndex={-1}
          onClick={() => {
            list.current?.hidePopover();
            button.focus();
            act();
          }}
        >
          {t(says)}
          <kbd>{key}</kbd>
        </button>
      ))}
    </div>
  );
}
