// SPDX-License-Identifier: MIT
// A state in miniature: colour, pattern and height as on the timeline, and where that has letters
// the letter.

import { letterOf, lookOf } from "../lib/states";

export function StateSwatch({ state, hasLetter = false }: { state: string; hasLetter?: boolean }) {
  const look = lookOf(state);
  const letter = hasLetter ? letterOf(state) : "";
  return (
    <span
      class={letter === "" ? "state-swatch" : "state-swatch has-letter"}
      data-pattern={look.pattern}
      aria-hidden="true"
    >
      <span
        style={{
          height: `${Math.max(14, look.height * 100)}%`,
          backgroundColor: `var(--state-${look.token})`,
        }}
      />
      {letter !== "" && (
        <i class="state-letter" style={{ backgroundColor: `var(--state-${look.token})` }}>
          {letter}
        </i>
      )}
    </span>
  );
}
