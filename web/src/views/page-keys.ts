// SPDX-License-Identifier: MIT
// The one place that listens to keys. None counts while somebody types, but those that say so;
// while something lies over the page it has the keys.

import { APP_COMMANDS, openKeys, openPalette } from "../state/app-commands";
import { type Command, overlay, pageCommands } from "../state/commands";

function takesText(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches("input, select, textarea"))
  );
}

function commandFor(event: KeyboardEvent): Command | undefined {
  const held = event.ctrlKey || event.metaKey ? "mod" : event.altKey ? "alt" : undefined;
  const onStage = document.activeElement?.classList.contains("stage-plot") ?? false;
  const isLetter = event.key.length === 1;
  const isLarge = held === "mod" && event.shiftKey;
  const key = !isLetter ? event.key : isLarge ? event.key.toUpperCase() : event.key.toLowerCase();
  return [...pageCommands.peek().commands, ...APP_COMMANDS].find(
    ({ keys, when }) =>
      keys.includes(key) && (when === "stage" ? onStage && !held : when === held),
  );
}

/** Listens until the returned function is called. */
export function attachKeys(): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented) return;
    const command = commandFor(event);
    // The editor of documents lies in a shadow root, which hides what is inside from the window.
    const [target = null] = event.composedPath();
    if (!command || (takesText(target) && !command.always)) return;
    const open = overlay.peek();
    if (open !== null && command.act !== (open === "keys" ? openKeys : openPalette)) return;
    event.preventDefault();
    command.act();
  };
  window.addEventListener("keydown", onKey);
  return () => window.removeEventListener("keydown", onKey);
}
