// SPDX-License-Identifier: MIT
// CodeMirror as the editor of documents. It lives in a shadow root, where CodeMirror adopts its
// style sheets instead of adding elements, which the server's Content-Security-Policy forbids.

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, nextDiagnostic, setDiagnostics } from "@codemirror/lint";
import { EditorState, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  tooltips,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { type Assistant, completeDocument, explainDocument } from "./document-assist";
import { editorTheme } from "./editor-theme";

export interface Mark {
  from: number;
  to: number;
  message: string;
}

export interface CodeEditorOptions {
  text: string;
  label: string;
  description: string;
  assistant: Assistant;
  onChange(text: string): void;
  onSubmit(): void;
}

const COLOURS = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--token-key)" },
  { tag: tags.string, color: "var(--token-string)" },
  { tag: tags.number, color: "var(--token-number)" },
  { tag: [tags.bool, tags.null], color: "var(--token-word)" },
]);

function extensions(options: CodeEditorOptions, onText: (text: string) => void): Extension[] {
  const submit = (): boolean => {
    options.onSubmit();
    return true;
  };
  return [
    lineNumbers(),
    lintGutter(),
    history(),
    drawSelection(),
    json(),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    syntaxHighlighting(COLOURS),
    editorTheme,
    tooltips({ position: "absolute", tooltipSpace }),
    autocompletion({ override: [completeDocument(options.assistant)], icons: false }),
    explainDocument(options.assistant),
    keymap.of([
      { key: "Mod-Enter", run: submit },
      { key: "F8", run: nextDiagnostic },
      ...closeBracketsKeymap,
      ...completionKeymap,
      ...historyKeymap,
      ...defaultKeymap,
      indentWithTab,
    ]),
    EditorView.contentAttributes.of({
      tabindex: "0",
      "aria-label": options.label,
      "aria-description": options.description,
      spellcheck: "false",
      autocapitalize: "off",
    }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) onText(update.state.doc.toString());
    }),
  ];
}

/* Explanations stay clear of the window's edges. */
const EDGE = 8;

function tooltipSpace(): { left: number; top: number; right: number; bottom: number } {
  const { clientWidth, clientHeight } = document.documentElement;
  return { left: EDGE, top: 0, right: clientWidth - EDGE, bottom: clientHeight };
}

/** The part in which two texts differ, as a change of the first. */
function difference(before: string, after: string): { from: number; to: number; insert: string } {
  const shorter = Math.min(before.length, after.length);
  let from = 0;
  while (from < shorter && before[from] === after[from]) from += 1;
  let back = 0;
  while (back < shorter - from && before.at(-1 - back) === after.at(-1 - back)) back += 1;
  return { from, to: before.length - back, insert: after.slice(from, after.length - back) };
}

export class CodeEditor {
  private readonly view: EditorView;
  /** Set while a text is put in from outside, which is no typing. */
  private isTaking = false;

  /** `host` is empty; it gets a shadow root. */
  constructor(host: HTMLElement, options: CodeEditorOptions) {
    const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
    const onText = (text: string): void => {
      if (!this.isTaking) options.onChange(text);
    };
    const state = EditorState.create({ doc: options.text, extensions: extensions(options, onText) });
    this.view = new EditorView({ state, root, parent: root });
  }

  setText(text: string): void {
    const before = this.view.state.doc.toString();
    if (before === text) return;
    this.isTaking = true;
    this.view.dispatch({ changes: difference(before, text) });
    this.isTaking = false;
  }

  setMarks(marks: readonly Mark[]): void {
    const end = this.view.state.doc.length;
    const diagnostics = marks.map<Diagnostic>(({ from, to, message }) => ({
      from: Math.min(from, end),
      to: Math.min(to, end),
      severity: "error",
      message,
    }));
    this.view.dispatch(setDiagnostics(this.view.state, diagnostics));
  }

  /** Selects a part and shows it. */
  select(from: number, to: number): void {
    const end = this.view.state.doc.length;
    const selection = { anchor: Math.min(from, end), head: Math.min(to, end) };
    this.view.dispatch({ selection, effects: EditorView.scrollIntoView(selection.anchor, { y: "center" }) });
    this.view.focus();
  }

  destroy(): void {
    this.view.destroy();
  }
}
