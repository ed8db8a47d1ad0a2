// SPDX-License-Identifier: MIT
// The card beside the pointer.

import { useLayoutEffect, useRef } from "preact/hooks";
import type { Span } from "../lib/columns";
import { lookOf, SLOW_CALLBACK } from "../lib/states";
import { blameOf } from "../state/blame";
import { type CounterPlace, readingAt } from "../state/counters";
import { t, tServer } from "../state/preferences";
import { opened, stateName } from "../state/opened";
import { BlameBar } from "./blame-bar";
import { bandWords, counterTitle, counterValue } from "./counter-words";
import type { HoverInstant } from "./stage-place";
import { StateSwatch } from "./state-swatch";
import {
  duration,
  instant,
  laneFullTitle,
  relations,
  siteOf,
  spanTitle,
} from "./timeline-words";

export interface Hover {
  x: number;
  y: number;
  span: Span | null;
  instant: HoverInstant | null;
  counter: CounterPlace | null;
}

function SpanFacts({ span }: { span: Span }) {
  const blame = blameOf(span);
  const site = siteOf(span);
  return (
    <>
      <p class="hover-title">
        <StateSwatch state={stateName(span.state)} />
        {spanTitle(span)}
      </p>
      <p class="hover-figure">
        {duration(span.end - span.start)}
        <span class="is-muted"> {t("timeline.at", { time: instant(span.start) })}</span>
      </p>
      {span.count > 1 && (
        <p class="is-muted">
          {t("timeline.merged", { count: span.count })}. {t("timeline.merged.zoom")}
        </p>
      )}
      {relations(span).map(({ label, text }) => (
        <p key={label} class="hover-fact">
          <span class="is-muted">{label}</span> {text}
        </p>
      ))}
      {blame && <BlameBar blame={blame} />}
      {site && <p class="hover-site">{site.name}</p>}
    </>
  );
}

function InstantFacts({ value }: { value: HoverInstant }) {
  const open = opened.value;
  const name = open.status === "ready" ? (open.value.lanes.instants[value.kind] ?? "") : "";
  return (
    <p class="hover-instant">
      <span class={name === SLOW_CALLBACK ? "tick-mark is-alarm" : "tick-mark"} aria-hidden="true" />
      {tServer("instant", name, name.replace(/_/g, " "))}
      {value.count > 1 && ` ${t("timeline.instants.more", { count: value.count - 1 })}`}
      <span class="is-muted"> {t("timeline.at", { time: instant(value.at) })}</span>
      {value.by >= 0 && <span class="is-muted"> · {laneFullTitle(value.by)}</span>}
    </p>
  );
}

function CounterFacts({ place }: { place: CounterPlace }) {
  const reading = readingAt(place);
  return (
    <>
      <p class="hover-title">{counterTitle(place.kind)}</p>
      <p class="hover-figure">
        {reading ? counterValue(place.kind, reading.value) : t("counter.unknown")}
        <span class="is-muted"> {t("timeline.at", { time: instant(place.at) })}</span>
      </p>
      {reading && bandWords(place.kind, reading) !== "" && (
        <p class="is-muted">{bandWords(place.kind, reading)}</p>
      )}
    </>
  );
}

const GAP = 14;

export function HoverCard({
  hover,
  bounds,
}: {
  hover: Hover;
  bounds: { width: number; height: number };
}) {
  const card = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = card.current;
    if (!element) return;
    const { offsetWidth, offsetHeight } = element;
    const right = hover.x + GAP + offsetWidth <= bounds.width;
    const below = hover.y + GAP + offsetHeight <= bounds.height;
    const x = right ? hover.x + GAP : Math.max(0, hover.x - GAP - offsetWidth);
    const y = below ? hover.y + GAP : Math.max(0, hover.y - GAP - offsetHeight);
    element.style.transform = `translate(${x}px, ${y}px)`;
  });
  const lane = hover.span?.lane ?? hover.instant?.lane ?? hover.counter?.lane ?? -1;
  const look = hover.span ? lookOf(stateName(hover.span.state)) : null;
  return (
    <div ref={card} class="hover" data-state={look?.token} aria-hidden="true">
      <p class="hover-lane">{laneFullTitle(lane)}</p>
      {hover.span && <SpanFacts span={hover.span} />}
      {hover.counter && <CounterFacts place={hover.counter} />}
      {hover.instant && <InstantFacts value={hover.instant} />}
    </div>
  );
}
