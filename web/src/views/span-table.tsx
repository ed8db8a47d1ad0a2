// SPDX-License-Identifier: MIT
// The table twin of one lane: each span of the visible window in words, for those who read rather
// than look. Far out, neighbours are one row, as they are one bar in the drawing.

import { useState } from "preact/hooks";
import { type Span, spansIn } from "../lib/columns";
import { formatInstants } from "../lib/format";
import { COUNTER_OF } from "../lib/loop-parts";
import { rows } from "../state/lane-rows";
import { language, t } from "../state/preferences";
import { data, select, selection } from "../state/timeline";
import { restingViewport } from "../state/viewport";
import { focusStage } from "./focus-keeper";
import { Select } from "./select";
import { duration, instant, laneFullTitle, relations, spanTitle } from "./timeline-words";

const MOST = 100;

/** The row leads to the drawing, where its details are seen, too. */
function open(span: Span): void {
  select(span);
  focusStage();
}

function SpanRow({ span, start }: { span: Span; start: string }) {
  const isChosen = selection.value?.lane === span.lane && selection.value.start === span.start;
  const facts = span.count > 1 ? [] : relations(span);
  return (
    <tr aria-current={isChosen ? "true" : undefined}>
      <td class="is-number">
        <button type="button" class="fact-link" onClick={() => open(span)}>
          {start}
        </button>
      </td>
      <td class="is-number">{duration(span.end - span.start)}</td>
      <th scope="row">
        {spanTitle(span)}
        {span.count > 1 && (
          <span class="is-muted"> {t("timeline.merged", { count: span.count })}</span>
        )}
      </th>
      <td>{facts.map(({ label, text }) => `${label}: ${text}`).join("; ")}</td>
    </tr>
  );
}

function Spans({ lane }: { lane: number }) {
  const view = restingViewport.value;
  const columns = data.value?.lanes.get(lane);
  if (!columns) return <p class="is-muted">{t("spans.notThere")}</p>;
  const { items, count } = spansIn(columns, view.from, view.to, MOST);
  // A pixel far out is many spans wide: here each begins at a moment of its own.
  const starts = formatInstants(items.map(({ start }) => start), language.value);
  const title = t("spans.caption", {
    lane: laneFullTitle(lane),
    from: instant(view.from, view),
    to: instant(view.to, view),
  });
  return (
    <>
      <div class="table-frame is-scrolling" tabIndex={0} role="region" aria-label={title}>
        <table class="table totals-table">
          <caption class="visually-hidden">{title}</caption>
          <thead>
            <tr>
              <th scope="col" class="is-number">
                {t("timeline.start")}
              </th>
              <th scope="col" class="is-number">
                {t("timeline.length")}
              </th>
              <th scope="col">{t("spans.state")}</th>
              <th scope="col">{t("spans.others")}</th>
            </tr>
          </thead>
          <tbody>
            {items.map((span, index) => (
              <SpanRow key={span.start} span={span} start={starts[index] ?? ""} />
            ))}
          </tbody>
        </table>
      </div>
      {count > items.length && (
        <p class="section-note">{t("spans.more", { shown: items.length, count })}</p>
      )}
    </>
  );
}

function Lane() {
  const [chosen, choose] = useState<number | null>(null);
  const lanes = rows.value.flatMap(({ type, lane }) =>
    type === "lane" && lane && !(lane.kind in COUNTER_OF) ? [lane.id] : [],
  );
  const first = rows.value.find(({ lane }) => lane?.kind === "thread")?.lane?.id ?? lanes[0];
  const lane = selection.value?.lane ?? chosen ?? first;
  if (lane === undefined) return null;
  return (
    <>
      <label class="picker">
        <span class="picker-label">{t("timeline.totals.lane")}</span>
        <Select
          value={String(lane)}
          choices={lanes.map((id) => ({ value: String(id), text: laneFullTitle(id) }))}
          onChoose={(id) => {
            select(null);
            choose(Number(id));
          }}
        />
      </label>
      <Spans lane={lane} />
    </>
  );
}

/** Closed it costs nothing. */
export function SpanTable() {
  const [isOpen, setOpen] = useState(false);
  return (
    <details
      class="disclosure span-table"
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>{t("spans.title")}</summary>
      {isOpen && <Lane />}
    </details>
  );
}
