// SPDX-License-Identifier: MIT
// The notes and bookmarks of a run in the order of time, and the one that is being written. Their
// text is text: whoever wrote it may have written markup.

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Note, NoteDraft } from "../api";
import {
  addBookmark,
  beginNote,
  chosenNote,
  draft,
  dropDraft,
  editNote,
  noteError,
  notes,
  removeNote,
  saveDraft,
  saving,
  visitNote,
} from "../state/notes";
import { t } from "../state/preferences";
import { restingViewport } from "../state/viewport";
import { Notice } from "./feedback";
import { Icon } from "./icon";
import { instant, laneFullTitle } from "./timeline-words";
import { ToolButton } from "./tool-button";

const TEXT_MAX = 4000;

/** "12.3 ms to 14.1 ms, worker 1" */
function placeWords({ from, to, lane }: NoteDraft): string {
  const window = { from, to: Math.max(to, from + 1) };
  const time =
    to > from
      ? t("timeline.window", { from: instant(from, window), to: instant(to, window) })
      : instant(from, restingViewport.value);
  return lane === null ? time : `${time}, ${laneFullTitle(lane)}`;
}

function NoteForm({ note }: { note: NoteDraft & { id: string | null } }) {
  const area = useRef<HTMLTextAreaElement>(null);
  // At once: the next key is already for it.
  useLayoutEffect(() => {
    area.current?.focus();
    area.current?.scrollIntoView({ block: "nearest" });
  }, [note.id, note.from]);
  const save = (): void => void saveDraft(area.current?.value ?? "");
  const isSaving = saving.value === note;
  return (
    <form
      class="note-form"
      data-then={isSaving ? ".note.is-chosen .note-jump" : note.id === null ? ".note-begin" : undefined}
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") dropDraft();
        else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save();
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      <label class="note-place" for="note-text">
        {t("notes.about", { place: placeWords(note) })}
      </label>
      <textarea
        id="note-text"
        ref={area}
        class="note-text-field"
        rows={3}
        maxLength={TEXT_MAX}
        defaultValue={note.text}
        placeholder={t("notes.placeholder")}
      />
      <div class="note-buttons">
        <button type="submit" class="button is-primary is-small" aria-disabled={isSaving}>
          {t("notes.save")}
        </button>
        <button type="button" class="button is-small" onClick={dropDraft}>
          {t("notes.cancel")}
        </button>
        <span class="hint for-mouse">{t("notes.keys")}</span>
      </div>
    </form>
  );
}

function NoteItem({ note }: { note: Note }) {
  const item = useRef<HTMLLIElement>(null);
  const isChosen = chosenNote.value === note.id;
  useEffect(() => {
    const list = item.current?.parentElement;
    // The list scrolls to it, the page does not.
    if (isChosen && list && item.current) {
      list.scrollTop = Math.min(
        item.current.offsetTop,
        Math.max(list.scrollTop, item.current.offsetTop + item.current.offsetHeight - list.clientHeight),
      );
    }
  }, [isChosen]);
  const place = placeWords(note);
  if (draft.value?.id === note.id) {
    return (
      <li ref={item} class="note">
        <NoteForm note={draft.value} />
      </li>
    );
  }
  return (
    <li ref={item} class={`note${isChosen ? " is-chosen" : ""}`} data-note={note.id}>
      <button
        type="button"
        class="note-jump"
        aria-current={isChosen ? "true" : undefined}
        onClick={() => visitNote(note)}
      >
        <Icon name={note.text === "" ? "bookmark" : "note"} />
        <span>{place}</span>
      </button>
      <p class="note-text">{note.text || <span class="is-muted">{t("notes.bookmark")}</span>}</p>
      <span class="note-actions">
        <ToolButton icon="rename" label={t("notes.edit", { place })} act={() => editNote(note)} />
        <ToolButton
          icon="remove"
          label={t("notes.remove", { place })}
          act={() => removeNote(note)}
        />
      </span>
    </li>
  );
}

export function NotesPanel() {
  const list = notes.value;
  const written = draft.value;
  return (
    <section class="notes" data-then=".note-begin" aria-labelledby="notes-title">
      <div class="notes-head">
        <h2 id="notes-title" class="section-title">
          {t("notes.title")}
        </h2>
        <button type="button" class="button is-small" onClick={() => void addBookmark()}>
          <Icon name="bookmark" />
          {t("notes.add.bookmark")}
        </button>
        <button type="button" class="button is-small note-begin" onClick={beginNote}>
          <Icon name="note" />
          {t("notes.add.note")}
        </button>
      </div>
      <Notice error={noteError.value} />
      {written?.id === null && <NoteForm note={written} />}
      {list.length === 0 && !written && <p class="is-muted notes-none">{t("notes.none")}</p>}
      {list.length > 0 && (
        <ul class="notes-list" aria-live="polite">
          {list.map((note) => (
            <NoteItem key={note.id} note={note} />
          ))}
        </ul>
      )}
    </section>
  );
}
