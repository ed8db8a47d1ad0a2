// SPDX-License-Identifier: MIT
// How CodeMirror looks: the tokens of tokens.css, which reach into its shadow root.

import { EditorView } from "@codemirror/view";

const PANEL = {
  border: "1px solid var(--line-strong)",
  borderRadius: "var(--radius-s)",
  background: "var(--surface)",
  color: "var(--ink)",
  boxShadow: "var(--shadow-lift)",
};

export const editorTheme = EditorView.theme({
  "&": {
    maxHeight: "34rem",
    border: "1px solid var(--line-strong)",
    borderRadius: "var(--radius-m)",
    background: "var(--sunken)",
    color: "var(--ink)",
    fontSize: "var(--text-s)",
  },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "-1px" },
  ".cm-scroller": {
    overflow: "auto",
    fontFamily: "var(--font-mono)",
    fontVariantLigatures: "none",
    lineHeight: "1.375rem",
  },
  ".cm-content": { padding: "var(--space-3) 0", caretColor: "var(--ink)" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": {
    borderRight: "1px solid var(--line)",
    borderTopLeftRadius: "var(--radius-m)",
    borderBottomLeftRadius: "var(--radius-m)",
    background: "var(--sunken)",
    color: "var(--ink-muted)",
  },
  ".cm-activeLine, .cm-activeLineGutter": {
    background: "color-mix(in srgb, var(--ink) 5%, transparent)",
  },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "color-mix(in srgb, var(--accent) 30%, transparent)",
  },
  "&.cm-focused .cm-matchingBracket, &.cm-focused .cm-nonmatchingBracket": {
    background: "color-mix(in srgb, var(--accent) 18%, transparent)",
  },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--bad)",
    textUnderlineOffset: "0.25em",
  },
  ".cm-gutter-lint": { width: "1.25rem" },
  ".cm-lint-marker-error": {
    width: "0.5rem",
    height: "0.5rem",
    margin: "0.4375rem 0 0 0.25rem",
    borderRadius: "1px",
    background: "var(--bad)",
    content: "''",
    transform: "rotate(45deg)",
  },
  ".cm-tooltip": { ...PANEL, fontFamily: "var(--font-sans)", fontSize: "var(--text-s)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": {
    maxHeight: "14rem",
    fontFamily: "var(--font-mono)",
    fontSize: "var(--text-s)",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "0.1875rem var(--space-3)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    background: "var(--accent-soft)",
    color: "var(--ink)",
  },
  ".cm-completionMatchedText": { color: "var(--accent)", textDecoration: "none", fontWeight: "650" },
  ".cm-completionDetail": {
    color: "var(--ink-muted)",
    fontFamily: "var(--font-sans)",
    fontStyle: "normal",
  },
  ".cm-tooltip.cm-completionInfo": { ...PANEL, maxWidth: "20rem", padding: "0" },
  ".cm-explanation": { width: "max-content", maxWidth: "min(22rem, 80vw)", padding: "var(--space-2) var(--space-3)" },
  ".cm-explanation-name": { fontFamily: "var(--font-mono)", fontWeight: "650" },
  ".cm-explanation-range": {
    color: "var(--ink-muted)",
    fontSize: "var(--text-xs)",
  },
  ".cm-diagnostic": { padding: "var(--space-2) var(--space-3)", borderLeft: "3px solid var(--bad)" },
});
