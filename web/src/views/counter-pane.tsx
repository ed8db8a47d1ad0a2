// SPDX-License-Identifier: MIT
// The counters below the lanes: names and axes on the left, the drawing on the right.

import { useEffect, useRef } from "preact/hooks";
import { type CounterColumns, counterState } from "../lib/counters";
import { formatNumber } from "../lib/format";
import { lookOf } from "../lib/states";
import {
  axisOf,
  chooseCounter,
  chosenCounter,
  type CounterPlace,
  counterName,
  paneCounters,
} from "../state/counters";
import { language, t } from "../state/preferences";
import { folded, toggleFold } from "../state/arrangement";
import { timeAt, viewport } from "../state/viewport";
import { attachGestures } from "../timeline/gestures";
import { CounterDrawing } from "./counter-drawing";
import { counterTitle } from "./counter-words";
import { Icon } from "./icon";
import { counterShape } from "./row-shape";
import { panBy, zoomBy } from "./stage-keys";
import { dragRange } from "./stage-place";
import { laneFullTitle } from "./timeline-words";

export const COUNTERS_FOLD = "counters";

function CounterNameRow({ counter }: { counter: CounterColumns }) {
  const { lane, kind } = counter;
  const { low, high } = axisOf(counter);
  const place = chosenCounter.value;
  const chosen = place?.lane === lane && place.kind === kind;
  const choose = (): void => {
    const { from, to } = viewport.peek();
    chooseCounter(chosen ? null : { lane, kind, at: Math.round((from + to) / 2) });
  };
  return (
    <li class={`counter-name${chosen ? " is-chosen" : ""}`} data-kind={counterName(kind)}>
      <button
        type="button"
        class="counter-button"
        aria-pressed={chosen}
        title={`${counterTitle(kind)} · ${laneFullTitle(lane)}`}
        onClick={choose}
      >
        <span class="counter-kind">{counterTitle(kind)}</span>
        <span class="counter-lane">{laneFullTitle(lane)}</span>
      </button>
      <span class="counter-axis">
        <span>
          <span class="visually-hidden">{t("counter.axis.high")} </span>
          {formatNumber(high, language.value)}
        </span>
        <span class="counter-low" aria-hidden="true">{formatNumber(low, language.value)}</span>
      </span>
    </li>
  );
}

function CounterLegend() {
  const kind = counterName(paneCounters.value[0]?.kind ?? -1);
  const colour = `var(--state-${lookOf(counterState(kind)).token})`;
  return (
    <p class="counter-legend">
      <span class="counter-legend-item">
        <span class="counter-swatch" style={{ background: colour }} aria-hidden="true" />
        {t("counter.legend.value")}
      </span>
      <span class="counter-legend-item">
        <span class="counter-swatch is-band" style={{ background: colour }} aria-hidden="true" />
        {t("counter.legend.band")}
      </span>
    </p>
  );
}

export interface CounterPlotProps {
  /** The drawing, once it is there, so that the pointer over the lanes is seen here, too. */
  attach(drawing: CounterDrawing | null): void;
  /** `x` in the drawing, `clientY` on the screen. */
  hover(x: number, clientY: number, place: CounterPlace | null): void;
  leave(): void;
}

function CounterPlot({ attach, hover, leave }: CounterPlotProps) {
  const scroll = useRef<HTMLDivElement>(null);
  const plot = useRef<HTMLDivElement>(null);
  const base = useRef<HTMLCanvasElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  const list = paneCounters.value;
  useEffect(() => {
    const list = scroll.current;
    const area = plot.current;
    if (!list || !area || !base.current || !overlay.current) return;
    const drawing = new CounterDrawing({
      scroll: list,
      plot: area,
      base: base.current,
      overlay: overlay.current,
    });
    attach(drawing);
    const placeAt = (x: number, y: number): CounterPlace | null => {
      const counter = paneCounters.peek()[Math.floor(y / counterShape.peek().height)];
      return counter ? { lane: counter.lane, kind: counter.kind, at: Math.floor(timeAt(x)) } : null;
    };
    const detach = attachGestures(area, {
      pan: panBy,
      zoom: zoomBy,
      drag: dragRange,
      scroll: (pixels) => list.scrollBy(0, pixels),
      hover: (x, y) => hover(x, y + area.getBoundingClientRect().top, placeAt(x, y)),
      leave,
      click: (x, y) => chooseCounter(placeAt(x, y)),
      doubleClick: () => {},
    });
    return () => {
      attach(null);
      drawing.stop();
      detach();
    };
  }, []);
  return (
    <div ref={scroll} class="counter-scroll">
      <ul class="counter-names">
        {list.map((counter) => (
          <CounterNameRow key={`${counter.lane}.${counter.kind}`} counter={counter} />
        ))}
      </ul>
      <div
        ref={plot}
        class="counter-plot"
        role="img"
        aria-label={t("counter.canvas", { count: list.length })}
        style={{ height: `${list.length * counterShape.value.height}px` }}
      >
        <div class="stage-sticky">
          <canvas ref={base} class="counter-base" />
          <canvas ref={overlay} class="counter-overlay" />
        </div>
      </div>
    </div>
  );
}

export function CounterPane(props: CounterPlotProps) {
  const count = paneCounters.value.length;
  if (count === 0) return null;
  const closed = folded.value.has(COUNTERS_FOLD);
  const name = t("counter.title");
  const fold = t(closed ? "timeline.unfold" : "timeline.fold", { name });
  return (
    <section
      class="counters"
      aria-label={name}
      style={{ "--counter": `${counterShape.value.height}px` }}
    >
      <div class="counters-head">
        <h2 class="counters-title">
          <button
            type="button"
            class="fold"
            aria-expanded={!closed}
            aria-label={fold}
            title={fold}
            onClick={() => toggleFold(COUNTERS_FOLD)}
          >
            <Icon name="chevron" />
          </button>
          {name}
          <span class="lane-count">{closed ? count : ""}</span>
        </h2>
        {!closed && <CounterLegend />}
      </div>
      {!closed && <CounterPlot {...props} />}
    </section>
  );
}
