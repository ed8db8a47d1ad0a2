// SPDX-License-Identifier: MIT
// A state in miniature: colour, pattern and height as on the timeline.

import { lookOf } from "../lib/states";

export function StateSwatch({ state }: { state: string }) {
  const look = lookOf(state);
  return (
    <span class="state-swatch" data-pattern={look.pattern} aria-hidden="true">
      <span
        style={{
          height: `${Math.max(14, look.height * 100)}%`,
          backgroundColor: `var(--state-${look.token})`,
        }}
      />
    </span>
  );
}
