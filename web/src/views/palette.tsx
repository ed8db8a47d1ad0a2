// SPDX-License-Identifier: MIT
// The palette: type a few letters, and what is meant comes to the top. A combobox as the ARIA
// practices have it: the focus stays in the field, the arrows go through the list.

import { useEffect, useRef, useState } from "preact/hooks";
import { overlay } from "../state/commands";
import { type Entry, sections, typed } from "../state/palette";
import { t } from "../state/preferences";
import { useDialog } from "./dialog";
import { Icon } from "./icon";

/* The letters that were typed stand out. */
function Text({ entry }: { entry: Entry }) {
  const hit = new Set(entry.at);
  return (
    <span class="palette-text">
      {[...entry.text].map((letter, place) =>
        hit.has(place) ? <b key={place}>{letter}</b> : letter,
      )}
    </span>
  );
}

function Option(props: { entry: Entry; isChosen: boolean; choose(): void; run(): void }) {
  const { entry, isChosen } = props;
  const option = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isChosen) option.current?.scrollIntoView({ block: "nearest" });
  }, [isChosen]);
  return (
    <div
      ref={option}
      id={`palette-${entry.key}`}
      class="palette-option"
      role="option"
      aria-selected={isChosen}
      onPointerMove={props.choose}
      onClick={props.run}
    >
      <Text entry={entry} />
      {entry.shown.length > 0 && (
        <span class="palette-keys">
          {entry.shown.map((key) => (
            <kbd key={key}>{key}</kbd>
          ))}
        </span>
      )}
    </div>
  );
}

export function Palette() {
  const dialog = useDialog();
  // The list grows while it is read: what was chosen stays chosen, wherever it is by then.
  const [chosen, setChosen] = useState("");
  const lists = sections.value;
  const entries = lists.flatMap((section) => section.entries);
  const here = Math.max(
    0,
    entries.findIndex(({ key }) => key === chosen),
  );
  const choose = (place: number): void => setChosen(entries[place]?.key ?? "");
  useEffect(
    () => () => {
      typed.value = "";
    },
    [],
  );
  const run = (entry: Entry | undefined): void => {
    if (!entry) return;
    // Closed first, so that the focus is back where it was when something is done there.
    dialog.current?.close();
    overlay.value = null;
    entry.act();
  };
  const onKey = (event: KeyboardEvent): void => {
    const last = entries.length - 1;
    if (event.key === "ArrowDown") choose(here === last ? 0 : here + 1);
    else if (event.key === "ArrowUp") choose(here === 0 ? last : here - 1);
    else if (event.key === "PageDown") choose(Math.min(last, here + 8));
    else if (event.key === "PageUp") choose(Math.max(0, here - 8));
    else if (event.key === "Enter") run(entries[here]);
    else return;
    event.preventDefault();
  };
  return (
    <dialog
      ref={dialog}
      class="palette"
      aria-label={t("palette.title")}
      onClose={() => {
        if (overlay.peek() === "palette") overlay.value = null;
      }}
      onClick={(event) => {
        if (event.target === dialog.current) dialog.current?.close();
      }}
    >
      <div class="palette-field">
        <Icon name="search" />
        <input
          type="text"
          role="combobox"
          aria-expanded="true"
          aria-autocomplete="list"
          aria-controls="palette-list"
          aria-activedescendant={entries[here] && `palette-${entries[here].key}`}
          aria-label={t("palette.title")}
          placeholder={t("palette.placeholder")}
          value={typed.value}
          onInput={(event) => {
            typed.value = event.currentTarget.value;
            setChosen("");
          }}
          onKeyDown={onKey}
        />
      </div>
      <div id="palette-list" class="palette-list" role="listbox" aria-label={t("palette.title")}>
        {lists.map(({ title, entries: list }) => (
          <div key={title} role="group" aria-label={title}>
            <p class="palette-title" aria-hidden="true">
              {title}
            </p>
            {list.map((entry) => (
              <Option
                key={entry.key}
                entry={entry}
                isChosen={entry === entries[here]}
                choose={() => setChosen(entry.key)}
                run={() => run(entry)}
              />
            ))}
          </div>
        ))}
      </div>
      <p class={entries.length === 0 ? "palette-none" : "visually-hidden"} role="status">
        {entries.length === 0 ? t("palette.none") : t("palette.count", { count: entries.length })}
      </p>
    </dialog>
  );
}
