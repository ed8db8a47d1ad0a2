// SPDX-License-Identifier: MIT
// A line of the recommendation: what it is about, and what there is to say of it.

import type { ComponentChildren } from "preact";

export function Line({ label, title, children }: { label: string; title?: string; children: ComponentChildren }) {
  return (
    <li class="advice-beside">
      <span class="advice-label" title={title}>
        {label}
      </span>
      <span>{children}</span>
    </li>
  );
}
