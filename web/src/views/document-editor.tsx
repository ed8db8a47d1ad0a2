// SPDX-License-Identifier: MIT
// The editor of documents: CodeMirror, whose script is read when somebody opens it, and until
// then, or when it cannot be read, a text area with the same text.

import type { Ref } from "preact";
import { useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from "preact/hooks";
import { getSchema } from "../api";
import type { CodeEditor, Mark } from "../editor/code-editor";
import type { Assistant } from "../editor/document-assist";
import { findPlace } from "../lib/json-scan";
import { draft, editDraft, problems, scan } from "../state/ask";
import { models } from "../state/catalogue";
import { modelTitle } from "../state/names";
import { language, t } from "../state/preferences";
import { createResource, valueOf } from "../state/resource";
import { type AreaHandle, type EditorHandle, JsonEditor } from "./json-editor";
import { refusalWords } from "./said";
import { loadSchemaWords, meaningWords, rangeWords } from "./schema-meaning";

const schema = createResource(getSchema);
let reading: Promise<void> | null = null;

/* What could not be read is tried again by the next one who needs it. */
function read(): Promise<void> {
  reading ??= schema.reload().then(() => {
    reading = null;
  });
  return reading;
}

async function becomeReady(): Promise<void> {
  const schemaThere = valueOf(schema) === null ? read() : Promise.resolve();
  await Promise.all([schemaThere, loadSchemaWords(language.peek())]);
}

const assistant: Assistant = {
  schema: () => valueOf(schema),
  ready: becomeReady,
  meanings: ({ meanings }) => meanings.map((said) => meaningWords(language.peek(), said)),
  range: ({ range }) => rangeWords(language.peek(), range),
  title(value) {
    const known = valueOf(models);
    const model = [...(known?.items ?? []), ...(known?.profiles ?? [])].find(({ name }) => name === value);
    return model ? modelTitle(model) : null;
  },
};

/** What is wrong with the text, at its places. */
function marks(): Mark[] {
  const { error } = scan.value;
  if (error) {
    return [{ from: error.offset, to: error.offset + 1, message: t(`json.${error.problem}`) }];
  }
  return problems.value.map((problem) => {
    const { keyStart, end } = findPlace(scan.value, problem.pointer) ?? { keyStart: 0, end: 0 };
    // A whole page of underlines hides what they are about.
    const [line = ""] = draft.value.slice(keyStart, end).split("\n", 1);
    return { from: keyStart, to: keyStart + line.length, message: refusalWords(problem).text };
  });
}

export interface DocumentEditorProps {
  handle: Ref<EditorHandle>;
  /** Lines with something to correct, for the text area. */
  marked: ReadonlySet<number>;
  onSubmit(): void;
}

/* Without adopted style sheets it would add elements with styles, which the server forbids. */
function loadEditor(): Promise<typeof import("../editor/code-editor")> {
  return "adoptedStyleSheets" in document
    ? import("../editor/code-editor")
    : Promise.reject(new Error("no adopted style sheets"));
}

const MARKS_MS = 200;

type Loading = "loading" | "ready" | "failed";

/* The editor in its host; what it calls is what was given last. Who writes in the text area
 * meanwhile goes on at the same place. */
function useCodeEditor(onSubmit: () => void) {
  const host = useRef<HTMLDivElement>(null);
  const area = useRef<AreaHandle>(null);
  const caret = useRef<readonly [number, number] | null>(null);
  const editor = useRef<CodeEditor | null>(null);
  const submit = useRef(onSubmit);
  const [state, setState] = useState<Loading>("loading");
  submit.current = onSubmit;
  useEffect(() => {
    let gone = false;
    void assistant.ready();
    loadEditor()
      .then((loaded) => {
        if (gone || !host.current) return;
        editor.current = new loaded.CodeEditor(host.current, {
          text: draft.peek(),
          label: t("ask.editor"),
          description: t("ask.editor.help"),
          assistant,
          onChange: editDraft,
          onSubmit: () => submit.current(),
        });
        caret.current = area.current?.caret() ?? null;
        setState("ready");
      })
      .catch(() => gone || setState("failed"));
    return () => {
      gone = true;
      editor.current?.destroy();
    };
  }, []);
  useLayoutEffect(() => {
    if (state === "ready" && caret.current) editor.current?.select(...caret.current);
  }, [state]);
  return { host, area, editor, state };
}

export function DocumentEditor({ handle, marked, onSubmit }: DocumentEditorProps) {
  const { host, area, editor, state } = useCodeEditor(onSubmit);
  const text = draft.value;
  const wrong = marks();
  // Meanwhile somebody may have typed: what is there now is what counts.
  useEffect(() => editor.current?.setText(draft.peek()), [text]);
  // What is half written is not wrong yet.
  useEffect(() => {
    const timer = window.setTimeout(() => editor.current?.setMarks(wrong), MARKS_MS);
    return () => window.clearTimeout(timer);
  }, [state, text, JSON.stringify(wrong)]);
  useImperativeHandle(handle, () => ({
    select: (start, end) => (editor.current ?? area.current)?.select(start, end),
  }));
  return (
    <>
      <div ref={host} class="code-editor" data-state={state} hidden={state !== "ready"} />
      {state !== "ready" && (
        <JsonEditor
          text={text}
          scan={scan.value}
          marked={marked}
          handle={area}
          onInput={editDraft}
          onSubmit={onSubmit}
        />
      )}
    </>
  );
}
