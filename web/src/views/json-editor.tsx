// SPDX-License-Identifier: MIT
// A text area with line numbers and coloured tokens. The colours are a second layer behind the
// text area, whose own text is transparent; both share font, size and scroll position.

import type { Ref } from "preact";
import { useImperativeHandle, useRef } from "preact/hooks";
import { lineOf, type Scan } from "../lib/json-scan";
import { t } from "../state/preferences";

export interface EditorHandle {
  select(start: number, end: number): void;
}

export interface AreaHandle extends EditorHandle {
  /** Where the caret is; null while the focus is elsewhere. */
  caret(): readonly [start: number, end: number] | null;
}

interface JsonEditorProps {
  text: string;
  scan: Scan;
  /** Lines with something to correct, 1-based. */
  marked: ReadonlySet<number>;
  handle: Ref<AreaHandle>;
  onInput(text: string): void;
  onSubmit(): void;
}

const INDENT = "  ";

function Tokens({ text, scan }: { text: string; scan: Scan }) {
  return (
    <>
      {scan.tokens.map(({ kind, start, end }) =>
        kind === "space" || kind === "punctuation" ? (
          text.slice(start, end)
        ) : (
          <span key={start} class={`token-${kind}`}>
            {text.slice(start, end)}
          </span>
        ),
      )}
      {"\n"}
    </>
  );
}

function Gutter({ lines, marked }: { lines: number; marked: ReadonlySet<number> }) {
  return (
    <div class="editor-gutter" aria-hidden="true">
      {Array.from({ length: lines }, (_, index) => (
        <span
          key={index}
          class={marked.has(index + 1) ? "editor-number is-marked" : "editor-number"}
        >
          {index + 1}
        </span>
      ))}
    </div>
  );
}

export function JsonEditor(props: JsonEditorProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  const leaving = useRef(false);
  const { text, scan, marked } = props;
  const lines = lineOf(text, text.length);

  useImperativeHandle(props.handle, () => ({
    select(start, end) {
      const element = area.current;
      if (!element) return;
      element.focus({ preventScroll: true });
      element.setSelectionRange(start, end);
      const lineHeight = element.scrollHeight / lineOf(element.value, element.value.length);
      const top = (lineOf(element.value, start) - 1) * lineHeight;
      element.closest(".editor")?.scrollTo({ top: top - 80, behavior: "smooth" });
      element.closest(".editor")?.scrollIntoView({ block: "nearest" });
    },
    caret() {
      const element = area.current;
      return element && element === document.activeElement
        ? [element.selectionStart, element.selectionEnd]
        : null;
    },
  }));

  /* The browser brings the caret into view, but at the start of a line the gutter covers it. */
  const showLineStart = (): void => {
    const element = area.current;
    if (!element) return;
    const before = element.value[element.selectionStart - 1];
    const frame = element.closest(".editor");
    if (frame && (before === undefined || before === "\n")) frame.scrollLeft = 0;
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const element = area.current;
    if (!element) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      props.onSubmit();
      return;
    }
    if (event.key === "Tab" && !event.shiftKey && !leaving.current) {
      event.preventDefault();
      element.setRangeText(INDENT, element.selectionStart, element.selectionEnd, "end");
      props.onInput(element.value);
    }
    // Escape lets the next Tab leave the editor: nobody is trapped.
    leaving.current = event.key === "Escape" || (leaving.current && event.key === "Shift");
  };

  return (
    <div class="editor">
      <Gutter lines={lines} marked={marked} />
      <div class="editor-text">
        <pre class="editor-colours" aria-hidden="true">
          <Tokens text={text} scan={scan} />
        </pre>
        <textarea
          ref={area}
          class="editor-input"
          aria-label={t("ask.editor")}
          aria-describedby="editor-help"
          aria-invalid={marked.size > 0}
          spellcheck={false}
          autocomplete="off"
          autocapitalize="off"
          wrap="off"
          value={text}
          onInput={(event) => {
            props.onInput(event.currentTarget.value);
            showLineStart();
          }}
          onKeyDown={onKeyDown}
          onKeyUp={showLineStart}
        />
      </div>
    </div>
  );
}
