// SPDX-License-Identifier: MIT
// What somebody wrote about parts of a run.

import { id, postJson, request, sendJson } from "./request";

/** What somebody wrote about a part of a run; without text it is a bookmark. */
export interface NoteDraft {
  text: string;
  from: number;
  to: number;
  /** Null: about all of them. */
  lane: number | null;
}

export interface Note extends NoteDraft {
  id: string;
  created_ms: number;
  changed_ms: number;
}

export async function listNotes(run: string): Promise<Note[]> {
  return (await request<{ items: Note[] }>(`/runs/${id(run)}/notes`)).items;
}

export function addNote(run: string, { text, from, to, lane }: NoteDraft): Promise<Note> {
  return postJson<Note>(`/runs/${id(run)}/notes`, JSON.stringify({ text, from, to, lane }));
}

export function changeNote(note: string, { text, from, to, lane }: NoteDraft): Promise<Note> {
  return sendJson<Note>("PUT", `/notes/${id(note)}`, JSON.stringify({ text, from, to, lane }));
}

export function deleteNote(note: string): Promise<void> {
  return request<void>(`/notes/${id(note)}`, { method: "DELETE" });
}
