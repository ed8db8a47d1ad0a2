// SPDX-License-Identifier: MIT
// Notes and bookmarks of the open run. They are kept with the run, so everybody has the same.

import { effect, signal } from "@preact/signals";
import {
  addNote,
  type ApiError,
  changeNote,
  deleteNote,
  listNotes,
  type Note,
  type NoteDraft,
} from "../api";
import { inOrder, nextIndex } from "../lib/note-places";
import type { Viewport } from "../lib/viewport";
import { chosenCounter } from "./counters";
import { current, duration } from "./opened";
import { t } from "./preferences";
import { chooseRange, range } from "./range";
import { onBack } from "./reach";
import { asApiError } from "./resource";
import { type Subject, subject } from "./subject";
import { goTo, select, selection } from "./timeline";
import { offerUndo } from "./undo";
import { show, timeInHand, viewport } from "./viewport";

export const notes = signal<readonly Note[]>([]);
/** Whether those of the open run were read, or could not be. */
export const notesKnown = signal(false);
export const chosenNote = signal<string | null>(null);
/** A new note, or an old one with its id; of a new one whether it is about the range or about what
 * was selected. */
export interface Draft extends NoteDraft {
  id: string | null;
  about: Subject | null;
}

/** What is being written. */
export const draft = signal<Draft | null>(null);
export const noteError = signal<ApiError | null>(null);

/* Taken off the list; the server is told when nobody wants them back, so that a note that comes
   back is the one that was there, with its id. A tab that is closed before has removed nothing. */
const leaving = new Set<string>();

async function read(run: string): Promise<void> {
  try {
    const items = await listNotes(run);
    if (current.peek()?.run.id === run) notes.value = inOrder(items.filter(({ id }) => !leaving.has(id)));
  } catch (reason) {
    if (current.peek()?.run.id !== run) return;
    noteError.value = asApiError(reason);
    unread = run;
  } finally {
    if (current.peek()?.run.id === run) notesKnown.value = true;
  }
}

/* The run whose notes could not be read. */
let unread: string | null = null;
onBack(() => {
  const run = unread;
  unread = null;
  if (run !== null && current.peek()?.run.id === run) void read(run);
});

let opened: string | undefined;
effect(() => {
  const run = current.value?.run.id;
  if (run === opened) return;
  opened = run;
  notes.value = [];
  notesKnown.value = false;
  chosenNote.value = null;
  draft.value = null;
  noteError.value = null;
  if (run !== undefined) void read(run);
});

/** Does something with the server; false when it failed, which is then said. */
async function ask(act: (run: string) => Promise<void>): Promise<boolean> {
  const run = current.peek()?.run.id;
  if (run === undefined) return false;
  noteError.value = null;
  try {
    await act(run);
    return true;
  } catch (reason) {
    if (current.peek()?.run.id === run) noteError.value = asApiError(reason);
    return false;
  }
}

function put(run: string, note: Note): void {
  if (current.peek()?.run.id !== run) return;
  notes.value = inOrder([...notes.peek().filter(({ id }) => id !== note.id), note]);
  chosenNote.value = note.id;
}

/* --- where --- */

function whole(time: number): number {
  return Math.min(Math.max(0, Math.floor(time)), duration.peek());
}

export type NotePlace = Omit<NoteDraft, "text">;

function placeOfRange({ from, to }: Viewport): NotePlace {
  const span = selection.value;
  // A range that was made of the selected span is about its lane, too; any other is about all.
  const isSpan = span !== null && whole(span.start) === from && whole(span.end) === to;
  return { from, to, lane: isSpan ? span.lane : null };
}

/** The place of the one or the other: time and lane are of the same. Without either it is the
 * moment pointed at, else the middle of the window. */
export function placeOf(about: Subject | null): NotePlace {
  const [ends, span, counter] = [range.value, selection.value, chosenCounter.value];
  if (about === "range" && ends) return placeOfRange(ends);
  if (about === "selection" && span) return { from: whole(span.start), to: whole(span.end), lane: span.lane };
  if (about === "selection" && counter) return { from: whole(counter.at), to: whole(counter.at), lane: counter.lane };
  const at = whole(timeInHand());
  return { from: at, to: at, lane: null };
}

/* --- writing --- */

export async function addBookmark(): Promise<void> {
  const bookmark = { text: "", ...placeOf(subject.peek()) };
  await ask(async (run) => put(run, await addNote(run, bookmark)));
}

/** How often writing was begun: each time one is to write at once. */
export const begun = signal(0);

function begin(note: Draft): void {
  draft.value = note;
  begun.value += 1;
}

export function beginNote(): void {
  const about = subject.peek();
  begin({ id: null, text: "", about, ...placeOf(about) });
}

export function editNote({ id, text, from, to, lane }: Note): void {
  begin({ id, text, about: null, from, to, lane });
}

/** What is being written is about the other of both. */
export function turnDraftTo(about: Subject): void {
  const written = draft.peek();
  if (written) draft.value = { ...written, about, ...placeOf(about) };
}

export function dropDraft(): void {
  draft.value = null;
}

/** The draft that is on its way to the server. */
export const saving = signal<NoteDraft | null>(null);

/** A draft stays until it is stored, and is sent once. */
export async function saveDraft(text: string): Promise<void> {
  const written = draft.peek();
  if (!written || saving.peek() === written) return;
  saving.value = written;
  const { id, about: _, ...place } = written;
  const note = { ...place, text: text.trim() };
  const isStored = await ask(async (run) => {
    put(run, id === null ? await addNote(run, note) : await changeNote(id, note));
  });
  if (saving.peek() === written) saving.value = null;
  if (isStored && draft.peek() === written) draft.value = null;
}

/** It is still there when that fails, unless somebody else has removed it. */
async function remove(run: string, note: Note): Promise<void> {
  try {
    await deleteNote(note.id);
  } catch (reason) {
    const error = asApiError(reason);
    if (error.isMissing) return;
    put(run, note);
    if (current.peek()?.run.id === run) noteError.value = error;
  } finally {
    leaving.delete(note.id);
  }
}

export function removeNote(note: Note): void {
  const run = current.peek()?.run.id ?? "";
  leaving.add(note.id);
  notes.value = notes.peek().filter(({ id }) => id !== note.id);
  if (draft.peek()?.id === note.id) draft.value = null;
  const said = note.text === "" ? "notes.gone.bookmark" : "notes.gone.note";
  offerUndo({
    says: () => t(said),
    undo() {
      leaving.delete(note.id);
      put(run, note);
    },
    place: () => `[data-note="${note.id}"] .note-jump`,
    over: () => void remove(run, note),
  });
}

/* --- going there --- */

/** What it is about is on the screen and marked. */
export function visitNote(note: Note): void {
  chosenNote.value = note.id;
  const { from, to } = viewport.peek();
  const isSeen = note.from >= from && note.to <= to;
  const long = note.to - note.from;
  const half = Math.max((to - from) / 2, long);
  const middle = note.from + long / 2;
  if (!isSeen) show({ from: middle - half, to: middle + half });
  select(null);
  if (note.lane !== null) goTo(note.lane, note.from);
  chooseRange(long > 0 && !selection.peek() ? note : null);
}

export function stepNote(direction: 1 | -1): void {
  const list = notes.peek();
  const here = list.findIndex(({ id }) => id === chosenNote.peek());
  const next = list[nextIndex(list.length, here, direction)];
  if (next) visitNote(next);
}
