// SPDX-License-Identifier: MIT
// A flag on the ruler for each note of the window, one for several that are too close together.

import type { Note } from "../api";
import { type Flag, flagsIn } from "../lib/note-places";
import { chosenNote, notes, visitNote } from "../state/notes";
import { t } from "../state/preferences";
import { viewport, width } from "../state/viewport";
import { instant } from "./timeline-words";

const APART = 14;
/* More of a note is in the list. */
const TITLE_MAX = 120;

function words({ notes: [first, ...more] }: Flag<Note>): string {
  if (!first) return "";
  const text = first.text.slice(0, TITLE_MAX) || t("notes.bookmark");
  const said = t("notes.flag", { at: instant(first.from), text });
  return more.length === 0 ? said : `${said} ${t("notes.flag.more", { count: more.length })}`;
}

export function NoteFlags() {
  const view = viewport.value;
  const flags = flagsIn(notes.value, view, width.value, APART);
  if (flags.length === 0) return null;
  return (
    <div class="note-flags">
      {flags.map((flag) => {
        const [first] = flag.notes;
        if (!first) return null;
        const isChosen = flag.notes.some(({ id }) => id === chosenNote.value);
        const isNote = flag.notes.some(({ text }) => text !== "");
        return (
          <button
            key={first.id}
            type="button"
            class={`note-flag${isNote ? " is-note" : ""}${isChosen ? " is-chosen" : ""}`}
            style={{ left: `${flag.x}px` }}
            aria-label={words(flag)}
            title={words(flag)}
            onClick={() => visitNote(first)}
          >
            {flag.notes.length > 1 ? flag.notes.length : ""}
          </button>
        );
      })}
    </div>
  );
}
