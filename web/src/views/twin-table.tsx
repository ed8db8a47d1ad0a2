// SPDX-License-Identifier: MIT
// A table that says what a drawing shows, for those who read rather than look.

import type { ComponentChildren } from "preact";
import type { Viewport } from "../lib/viewport";
import { t } from "../state/preferences";
import { rangeStats } from "../state/range";
import { ScrollFrame } from "./scroll-frame";
import { instant } from "./timeline-words";

export function TwinTable(props: {
  id: string;
  title: string;
  /** What the figures are of; null for the whole run. */
  window: Viewport | null;
  note?: string;
  className?: string;
  children: ComponentChildren;
}) {
  const ends = props.window;
  const range = rangeStats.value.status === "ready" && rangeStats.value.value === ends;
  return (
    <>
      <h2 id={props.id} class="section-title">
        {props.title}
      </h2>
      <p class="section-note">
        {ends
          ? t(range ? "timeline.totals.range" : "timeline.totals.visible", {
              from: instant(ends.from, ends),
              to: instant(ends.to, ends),
            })
          : t("timeline.totals.whole")}
        {props.note !== undefined && <> · {props.note}</>}
      </p>
      <ScrollFrame label={props.title} isHigh>
        <table class={`table totals-table ${props.className ?? ""}`}>{props.children}</table>
      </ScrollFrame>
    </>
  );
}
