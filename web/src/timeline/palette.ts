// SPDX-License-Identifier: MIT
// The colours of tokens.css as a canvas needs them, read from the element they apply to.

import { KNOWN_STATES, lookOf } from "../lib/states";

export const IDENTITY_COLOURS = 8;

export interface Palette {
  fill(token: string): string;
  ink: string;
  muted: string;
  line: string;
  band: string;
  surface: string;
  onFill: string;
  edge: string;
  stripe: string;
  accent: string;
  alarm: string;
  identity: readonly string[];
  font: string;
}

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  const fills = new Map<string, string>();
  for (const state of [...KNOWN_STATES, ""]) {
    const { token } = lookOf(state);
    fills.set(token, read(`--state-${token}`));
  }
  const identity = Array.from({ length: IDENTITY_COLOURS }, (_, i) => read(`--identity-${i + 1}`));
  return {
    fill: (token) => fills.get(token) ?? "",
    ink: read("--ink"),
    muted: read("--ink-muted"),
    line: read("--line"),
    band: read("--band"),
    surface: read("--surface"),
    onFill: read("--on-state"),
    edge: read("--state-edge"),
    stripe: read("--state-stripe"),
    accent: read("--accent"),
    alarm: read("--bad"),
    identity,
    font: read("--font-sans"),
  };
}
