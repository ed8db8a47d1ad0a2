// SPDX-License-Identifier: MIT
// A line of the recommendation: what it is about, and what there is to say of it; what its label
// means, where that is to be explained.

import type { ComponentChildren } from "preact";
import { Explained } from "./explained";

export function Line({ label, says, children }: { label: string; says?: string; children: ComponentChildren }) {
  return (
    <li class="advice-beside">
      <span class="advice-label">{says ? <Explained says={says}>{label}</Explained> : label}</span>
      <span>{children}</span>
    </li>
  );
}
