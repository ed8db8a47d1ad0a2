// SPDX-License-Identifier: MIT
// The notes and bookmarks of a run in the order of time, and the one that is being written. Their
// text is text: whoever wrote it may have written markup.

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Note } from "../api";
import {
  addBookmark,
  begun,
  beginNote,
  chosenNote,
  type Draft,
  draft,
  dropDraft,
  editNote,
  noteError,
  type NotePlace,
  notes,
  placeOf,
  removeNote,
  saveDraft,
  saving,
  turnDraftTo,
  visitNote,
} from "../state/notes";
import { t } from "../state/preferences";
import { areBoth, type Subject, SUBJECTS, subject } from "../state/subject";
import { restingViewport } from "../state/viewport";
import { Notice } from "./feedback";
import { Icon } from "./icon";
import { Select } from "./select";
import { instant, laneFullTitle } from "./timeline-words";
import { ToolButton } from "./tool-button";

const TEXT_MAX = 4000;

/** "12.3 ms to 14.1 ms, worker 1" */
function placeWords({ from, to, lane }: NotePlace): string {
  const window = { from, to: Math.max(to, from + 1) };
  const time =
    to > from
      ? t("timeline.window", { from: instant(from, window), to: instant(to, window) })
      : instant(from, restingViewport.value);
  return lane === null ? time : `${time}, ${laneFullTitle(lane)}`;
}

/** "the range: 10 ms to 20 ms, all lanes": what a new note is about, as a whole. */
function aboutWords(about: Subject | null, place: NotePlace): string {
  const words = placeWords(place);
  const all = place.lane === null ? t("notes.allLanes", { place: words }) : words;
  if (about === null) return place.from === place.to ? t("notes.moment", { place: all }) : all;
  return t(`notes.place.${about}`, { place: all });
}

function draftWords(note: Draft): string {
  return t("notes.about", { place: note.id === null ? aboutWords(note.about, note) : placeWords(note) });
}

/** What it is about; where there are a range and a selection, it can be the other one. */
function About({ note }: { note: Draft }) {
  const isOpen = note.id === null && note.about !== null && areBoth.value;
  if (!isOpen) {
    return (
      <label class="note-place" for="note-text">
        {draftWords(note)}
      </label>
    );
  }
  return (
    <label class="note-place picker">
      <span class="picker-label">{t("notes.about.either")}</span>
      <Select
        value={note.about ?? ""}
        choices={SUBJECTS.map((side) => ({ value: side, text: aboutWords(side, side === note.about ? note : placeOf(side)) }))}
        onChoose={(side) => turnDraftTo(side as Subject)}
      />
    </label>
  );
}

function NoteForm({ note }: { note: Draft }) {
  const area = useRef<HTMLTextAreaElement>(null);
  // At once: the next key is already for it.
  useLayoutEffect(() => {
    area.current?.focus();
    area.current?.scrollIntoView({ block: "nearest" });
  }, [begun.value]);
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
      <About note={note} />
      <textarea
        id="note-text"
        ref={area}
        class="note-text-field"
        rows={3}
        maxLength={TEXT_MAX}
        defaultValue={note.text}
        placeholder={t("notes.placeholder")}
        aria-label={draftWords(note)}
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

/** Before one begins, since a bookmark is set at once. */
function Next() {
  const about = subject.value;
  const words = about === null ? t("notes.next.moment") : t("notes.next", { place: aboutWords(about, placeOf(about)) });
  return <p class="notes-next">{words}</p>;
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
      <Next />
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
