// SPDX-License-Identifier: MIT
// A table that says what a drawing shows, for those who read rather than look.

import type { ComponentChildren } from "preact";
import { t } from "../state/preferences";
import { restingViewport } from "../state/timeline";
import { instant } from "./timeline-words";

export function TwinTable(props: {
  id: string;
  title: string;
  /** The figures are those of the whole run, not of the visible window. */
  whole: boolean;
  note?: string;
  className?: string;
  children: ComponentChildren;
}) {
  const view = restingViewport.value;
  const window = { from: instant(view.from, view), to: instant(view.to, view) };
  return (
    <>
      <h2 id={props.id} class="section-title">
        {props.title}
      </h2>
      <p class="section-note">
        {props.whole ? t("timeline.totals.whole") : t("timeline.totals.visible", window)}
        {props.note !== undefined && <> · {props.note}</>}
      </p>
      <div class="table-frame is-scrolling" tabIndex={0} role="region" aria-labelledby={props.id}>
        <table class={`table totals-table ${props.className ?? ""}`}>{props.children}</table>
      </div>
    </>
  );
}
