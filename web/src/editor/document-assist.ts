// SPDX-License-Identifier: MIT
// What the editor proposes and explains: fields and values from the schema of documents, found by
// the place in the syntax tree. Text that is half written is read as far as it goes.

import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { syntaxTree } from "@codemirror/language";
import type { EditorState } from "@codemirror/state";
import { EditorView, hoverTooltip, type Tooltip } from "@codemirror/view";
import type { SyntaxNode } from "@lezer/common";
import {
  fieldAt,
  fieldsAt,
  type FieldWords,
  type PathStep,
  sampleOf,
  valuesAt,
} from "../lib/schema-words";

export interface Explained {
  text: string;
  lang?: "en";
}

export interface Assistant {
  /** The schema of documents; null until it is there, or when it cannot be read. */
  schema(): unknown;
  /** When it is clear which, and what it says is there in the reader's language. */
  ready(): Promise<void>;
  /** What a field means in its place. */
  meanings(field: FieldWords): readonly Explained[];
  /** What it may be: "whole number, from 1 to 1,000"; "" when there is nothing to say. */
  range(field: FieldWords): string;
  /** What a value means, such as a runtime; null when nobody knows. */
  title(value: string): string | null;
}

/* --- places ----------------------------------------------------------------------------- */

function nameOf(state: EditorState, property: SyntaxNode): string {
  const key = property.getChild("PropertyName");
  const text = key ? state.sliceDoc(key.from, key.to) : "";
  return /^"(.*)"$/.exec(text)?.[1] ?? text.replace(/"/g, "");
}

function fieldsOf(state: EditorState, object: SyntaxNode, without: SyntaxNode | null = null): string[] {
  return object
    .getChildren("Property")
    .filter((property) => property.from !== without?.from)
    .map((property) => nameOf(state, property));
}

function containerOf(node: SyntaxNode): SyntaxNode | null {
  for (let at: SyntaxNode | null = node; at; at = at.parent) {
    if (at.name === "Object" || at.name === "Array") return at;
  }
  return null;
}

function indexOf(array: SyntaxNode, child: SyntaxNode): number {
  let index = 0;
  for (let at = array.firstChild; at && at.from < child.from; at = at.nextSibling) {
    if (!/^[[\],]$|⚠/.test(at.name)) index += 1;
  }
  return index;
}

/** The way from the document to a value. */
function pathOf(state: EditorState, value: SyntaxNode): PathStep[] {
  const path: PathStep[] = [];
  for (let at = value; at.parent; ) {
    const { parent } = at;
    if (parent.name === "Array") path.unshift({ part: String(indexOf(parent, at)), fields: [] });
    if (parent.name === "Property" && parent.parent) {
      path.unshift({ part: nameOf(state, parent), fields: fieldsOf(state, parent.parent) });
      at = parent.parent;
    } else {
      at = parent;
    }
  }
  return path;
}

/* --- completion ------------------------------------------------------------------------- */

/* Behind what is typed there may be the quote that the editor has put there itself. */
function endOf(state: EditorState, to: number): number {
  return state.sliceDoc(to, to + 1) === '"' ? to + 1 : to;
}

function put(view: EditorView, from: number, to: number, insert: string, caret: number): void {
  const end = endOf(view.state, to);
  view.dispatch({ changes: { from, to: end, insert }, selection: { anchor: from + caret } });
}

function fieldOption(assistant: Assistant, field: FieldWords): Completion {
  const sample = sampleOf(assistant.schema(), field);
  const text = `"${field.name}": ${sample}`;
  const inside = sample.length === 2 ? 1 : 0;
  return {
    label: field.name,
    type: "property",
    boost: field.required ? 2 : 0,
    info: () => explanation(null, assistant.meanings(field), assistant.range(field)),
    apply: (view, _, from, to) => put(view, from, to, text, text.length - inside),
  };
}

function valueOption(assistant: Assistant, value: unknown): Completion {
  const text = JSON.stringify(value);
  const title = assistant.title(String(value));
  return {
    label: String(value),
    type: "constant",
    ...(title ? { detail: title } : {}),
    apply: (view, _, from, to) => put(view, from, to, text, text.length),
  };
}

/** Where a word begins, quote included, and what comes before it. */
function wordBefore(context: CompletionContext): { from: number; before: string } | null {
  const line = context.matchBefore(/"?[\w.-]*$/);
  const from = line ? line.from : context.pos;
  if (!context.explicit && (!line || line.from === line.to)) return null;
  return { from, before: context.state.sliceDoc(Math.max(0, from - 200), from) };
}

function fieldResult(assistant: Assistant, state: EditorState, object: SyntaxNode, from: number): CompletionResult {
  const open = object.getChildren("Property").find((property) => property.from <= from && from < property.to);
  const fields = fieldsAt(assistant.schema(), pathOf(state, object), fieldsOf(state, object, open ?? null));
  return { from, options: fields.map((field) => fieldOption(assistant, field)), filter: true };
}

export function completeDocument(assistant: Assistant) {
  return async (context: CompletionContext): Promise<CompletionResult | null> => {
    await assistant.ready();
    const word = wordBefore(context);
    const container = containerOf(syntaxTree(context.state).resolveInner(context.pos, -1));
    if (!word || !container) return null;
    const { from, before } = word;
    if (container.name === "Object" && /[{,]\s*$/.test(before)) {
      return quoted(fieldResult(assistant, context.state, container, from), context);
    }
    const path = pathOf(context.state, container);
    const name = /"([^"\\]+)"\s*:\s*$/.exec(before)?.[1];
    const step: PathStep | null =
      container.name === "Array"
        ? { part: "0", fields: [] }
        : name !== undefined
          ? { part: name, fields: fieldsOf(context.state, container) }
          : null;
    if (!step) return null;
    const values = valuesAt(assistant.schema(), [...path, step]);
    if (values.length === 0) return null;
    return quoted({ from, options: values.map((value) => valueOption(assistant, value)) }, context);
  };
}

/* Labels have no quotes, what is typed may begin with one. */
function quoted(result: CompletionResult, { state, pos }: CompletionContext): CompletionResult {
  if (!state.sliceDoc(result.from, pos).startsWith('"')) return result;
  const options = result.options.map((option) => ({ ...option, label: `"${option.label}"`, displayLabel: option.label }));
  return { ...result, options };
}

/* --- hover ------------------------------------------------------------------------------ */

function explanation(name: string | null, texts: readonly Explained[], range: string): HTMLElement {
  const box = document.createElement("div");
  box.className = "cm-explanation";
  const line = (className: string, text: string, lang?: string): void => {
    const element = document.createElement("div");
    element.className = className;
    element.textContent = text;
    if (lang) element.lang = lang;
    if (text !== "") box.append(element);
  };
  line("cm-explanation-name", name ?? "");
  for (const { text, lang } of texts) line("cm-explanation-text", text, lang);
  line("cm-explanation-range", range);
  return box;
}

function hoverOf(assistant: Assistant, state: EditorState, node: SyntaxNode): HTMLElement | null {
  const object = node.parent?.parent;
  if (node.name === "PropertyName" && node.parent && object) {
    const name = nameOf(state, node.parent);
    const field = fieldAt(assistant.schema(), pathOf(state, object), fieldsOf(state, object), name);
    return field && explanation(name, assistant.meanings(field), assistant.range(field));
  }
  if (node.name !== "String") return null;
  const value = state.sliceDoc(node.from + 1, node.to - 1);
  const title = assistant.title(value);
  return title === null ? null : explanation(value, [{ text: title }], "");
}

export function explainDocument(assistant: Assistant) {
  return hoverTooltip(async (view, pos, side): Promise<Tooltip | null> => {
    await assistant.ready();
    const node = syntaxTree(view.state).resolveInner(pos, side);
    const dom = hoverOf(assistant, view.state, node);
    return dom && { pos: node.from, end: node.to, above: true, create: () => ({ dom }) };
  });
}
