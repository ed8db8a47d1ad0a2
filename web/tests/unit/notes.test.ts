// SPDX-License-Identifier: MIT
// Notes of a run: where they are, and what is told to the server.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { Note } from "../../src/api";
import { flagsIn, inOrder, nextIndex } from "../../src/lib/note-places";
import { wholeRun } from "../../src/lib/route";
import { answerWith, asked, installBrowser, settle } from "./browser-stub";

let notes: typeof import("../../src/state/notes");
let timeline: typeof import("../../src/state/timeline");
let view: typeof import("../../src/state/viewport");
let range: typeof import("../../src/state/range");
let undo: typeof import("../../src/state/undo");

before(async () => {
  installBrowser();
  notes = await import("../../src/state/notes");
  timeline = await import("../../src/state/timeline");
  view = await import("../../src/state/viewport");
  range = await import("../../src/state/range");
  undo = await import("../../src/state/undo");
});

const note = (id: string, from: number, text = "", to = from): Note => ({
  id,
  text,
  from,
  to,
  lane: null,
  created_ms: 1,
  changed_ms: 1,
});

test("notes stand in the order of time", () => {
  const list = [note("n3", 5), note("n1", 5, "", 9), note("n2", 5), note("n4", 1)];
  assert.deepEqual(inOrder(list).map(({ id }) => id), ["n4", "n2", "n3", "n1"]);
});

test("one goes through them round and round", () => {
  assert.equal(nextIndex(0, -1, 1), -1);
  assert.equal(nextIndex(3, -1, 1), 0);
  assert.equal(nextIndex(3, -1, -1), 2);
  assert.equal(nextIndex(3, 2, 1), 0);
  assert.equal(nextIndex(3, 0, -1), 2);
});

test("flags are those of the window, apart from each other", () => {
  const list = [note("a", 0), note("b", 100), note("c", 101), note("d", 150), note("e", 200), note("f", 201)];
  const flags = flagsIn(list, { from: 100, to: 200 }, 1000, 14);
  assert.deepEqual(flags.map(({ x, notes: of }) => [x, of.map(({ id }) => id).join("")]), [
    [0, "bc"],
    [500, "d"],
    [1000, "e"],
  ]);
});

const RUN = {
  id: "r1",
  experiment: "e1",
  cell: "c1",
  repetition: 0,
  status: "done",
  fingerprint: null,
  duration_ns: 1000,
  events: 1,
  has_timeline: false,
  known_until: null,
  reason: null,
  not_modelled: [],
};

/** A server with a run of 1,000 ns, which keeps notes. */
function serve(kept: Note[]): void {
  let next = 100;
  answerWith(({ method, path, body }) => {
    if (path.endsWith("/runs/r1")) return { status: 200, body: RUN };
    if (path.endsWith("/experiments/e1")) return { status: 200, body: { id: "e1", document: {}, cells: [] } };
    if (!path.includes("/notes")) return { status: 200, body: { items: [] } };
    if (method === "GET") return { status: 200, body: { items: kept } };
    if (method === "DELETE") return { status: 204, body: null };
    const id = method === "PUT" ? path.split("/").pop() : `n${next++}`;
    return { status: method === "PUT" ? 200 : 201, body: { ...note(id ?? "", 0), ...JSON.parse(body ?? "{}") } };
  });
}

async function open(kept: Note[] = []): Promise<() => void> {
  serve(kept);
  const close = timeline.openRun(wholeRun("r1"));
  await settle();
  return close;
}

const ids = (): string => notes.notes.value.map(({ id }) => id).join(" ");
const sent = () => asked.filter(({ path, method }) => path.includes("/notes") && method !== "GET");

test("a bookmark is set at the range, else where one points, else in the middle", async () => {
  const close = await open([note("n2", 900), note("n1", 10, "first")]);
  assert.equal(ids(), "n1 n2");
  range.chooseRange({ from: 20, to: 30 });
  await notes.addBookmark();
  range.chooseRange(null);
  view.width.value = 1000;
  view.pointerX.value = 333.7;
  await notes.addBookmark();
  view.pointerX.value = null;
  await notes.addBookmark();
  assert.deepEqual(
    sent().map(({ body }) => JSON.parse(body ?? "")),
    [
      { text: "", from: 20, to: 30, lane: null },
      { text: "", from: 333, to: 333, lane: null },
      { text: "", from: 500, to: 500, lane: null },
    ],
  );
  assert.equal(ids(), "n1 n100 n101 n102 n2");
  assert.equal(notes.chosenNote.value, "n102");
  close();
  assert.equal(ids(), "", "another run has its own");
});

test("a note takes time and lane of the same: of the range, or of what is selected, whichever came last", async () => {
  const close = await open();
  const span = { lane: 4, state: 0, start: 100, end: 200, count: 1, resource: -1, by: -1, site: -1 };
  range.chooseRange({ from: 20, to: 30 });
  timeline.select(span);
  notes.beginNote();
  const { about, from, to, lane } = notes.draft.value ?? {};
  assert.deepEqual({ about, from, to, lane }, { about: "selection", from: 100, to: 200, lane: 4 });
  notes.turnDraftTo("range");
  assert.deepEqual({ ...notes.draft.value }, { id: null, text: "", about: "range", from: 20, to: 30, lane: null });
  await notes.saveDraft("here");
  assert.deepEqual(JSON.parse(sent()[0]?.body ?? ""), { text: "here", from: 20, to: 30, lane: null });
  range.chooseRange({ from: 50, to: 60 });
  notes.beginNote();
  assert.equal(notes.draft.value?.about, "range");
  assert.equal(notes.draft.value?.lane, null);
  // The range that was made of the span is about its lane.
  range.rangeFromSelection();
  assert.deepEqual(notes.placeOf("range"), { from: 100, to: 200, lane: 4 });
  timeline.select(null);
  assert.deepEqual(notes.placeOf("range"), { from: 100, to: 200, lane: null });
  range.chooseRange(null);
  close();
});

test("a draft is kept until it is stored, and an edited note keeps its place", async () => {
  const close = await open([note("n1", 10, "first")]);
  notes.beginNote();
  answerWith(() => ({ status: 503, body: { title: "Busy", status: 503 } }), true);
  await notes.saveDraft(" words ");
  assert.notEqual(notes.draft.value, null);
  assert.equal(notes.noteError.value?.problem?.status, 503);
  serve([]);
  await notes.saveDraft(" words ");
  assert.equal(notes.draft.value, null);
  assert.equal(JSON.parse(sent()[0]?.body ?? "").text, "words");
  notes.editNote(note("n1", 10, "first"));
  await notes.saveDraft("changed");
  assert.equal(sent()[1]?.method, "PUT");
  assert.equal(notes.notes.value.find(({ id }) => id === "n1")?.text, "changed");
  close();
});

test("a deleted note comes back as the note that it was; the server hears of it when nobody wants it", async () => {
  const close = await open([note("n1", 10, "first", 40)]);
  notes.removeNote(notes.notes.value[0] as Note);
  assert.equal(ids(), "");
  undo.undo();
  assert.deepEqual(notes.notes.value, [note("n1", 10, "first", 40)]);
  assert.deepEqual(sent(), []);
  answerWith(() => ({ status: 503, body: { title: "Busy", status: 503 } }), true);
  notes.removeNote(notes.notes.value[0] as Note);
  undo.dismissOffer();
  await settle();
  assert.equal(ids(), "n1", "it is still there");
  assert.equal(notes.noteError.value?.problem?.status, 503);
  serve([]);
  notes.removeNote(notes.notes.value[0] as Note);
  undo.dismissOffer();
  await settle();
  assert.deepEqual(sent().map(({ method }) => method), ["DELETE"]);
  assert.equal(ids(), "");
  close();
});

test("an impatient hand stores a draft once", async () => {
  const close = await open([]);
  notes.beginNote();
  await Promise.all([notes.saveDraft("once"), notes.saveDraft("once")]);
  assert.equal(sent().length, 1);
  assert.equal(notes.draft.value, null);
  close();
});

test("a visited note is on the screen; the one after it is the next", async () => {
  const close = await open([note("n1", 10, "a"), note("n2", 700, "b", 900)]);
  view.show({ from: 0, to: 100 });
  notes.stepNote(1);
  assert.deepEqual(view.viewport.value, { from: 0, to: 100 }, "it is there already");
  notes.stepNote(1);
  assert.equal(notes.chosenNote.value, "n2");
  const { from, to } = view.viewport.value;
  assert.ok(from <= 700 && to >= 900, `${from} to ${to}`);
  assert.deepEqual(range.range.value, { from: 700, to: 900 });
  close();
});
