// SPDX-License-Identifier: MIT
// The stage: lane names on the left, the drawing on the right, ruler and overview above. It
// passes intentions on; the state decides, the renderer draws. What follows the window lives in
// small components, so that a frame of zooming costs little.

import { effect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Span } from "../lib/columns";
import { formatDuration } from "../lib/format";
import { chooseCounter, type CounterPlace } from "../state/counters";
import { language, t } from "../state/preferences";
import { rows } from "../state/lane-rows";
import { duration, isLive, lanesById } from "../state/opened";
import { data, fetchError, focusSelection, select, stale, wasLive } from "../state/timeline";
import { pointerX, restingViewport, viewport } from "../state/viewport";
import { trail } from "../state/walk";
import { attachGestures } from "../timeline/gestures";
import type { CounterDrawing } from "./counter-drawing";
import { CounterPane } from "./counter-pane";
import { LaneFilter, LaneState } from "./lane-filter";
import { LaneMenu } from "./lane-menu";
import { NoteFlags } from "./note-flags";
import { ErrorText } from "./said";
import { StageDrawing } from "./stage-drawing";
import { panBy, zoomBy } from "./stage-keys";
import { rowShape } from "./row-shape";
import { LaneNames } from "./stage-names";
import { counterUnder, dragRange, instantUnder, rowUnder, spanUnder } from "./stage-place";
import { holdStill } from "./timeline-drawer";
import { type Hover, HoverCard } from "./timeline-hover";
import { Minimap } from "./timeline-minimap";
import { instant } from "./timeline-words";

/* Text of the window waits until it rests: a text that changes has the whole document painted
   anew, several milliseconds a frame, and the ruler moves along. */

function StageWindow() {
  const view = restingViewport.value;
  const [from, to] = [instant(view.from, view), instant(view.to, view)];
  return (
    <div>
      <p class="stage-window">{t("timeline.window", { from, to })}</p>
      <p class="stage-corner">{formatDuration(view.to - view.from, language.value)}</p>
    </div>
  );
}

function Fetching() {
  return (
    <>
      {stale.value && <span class="stage-stale" role="img" aria-label={t("timeline.stale")} />}
      {wasLive.value && (
        <p class="stage-live" role="status">
          {isLive.value ? t("timeline.live") : t("timeline.liveOver")}
        </p>
      )}
      <div class="stage-notices">
        {(data.value?.damaged ?? 0) > 0 && (
          <p class="stage-notice" role="alert">
            {t("timeline.damaged", { count: data.value?.damaged ?? 0 })}
          </p>
        )}
        {fetchError.value && !fetchError.value.isAway && (
          <p class="stage-notice" role="alert">
            <ErrorText error={fetchError.value} />
          </p>
        )}
      </div>
    </>
  );
}

/** `isMeant`: who opens the page is led here, and not to its title. */
export function Stage({ isMeant }: { isMeant: boolean }) {
  const stage = useRef<HTMLDivElement>(null);
  const scroll = useRef<HTMLDivElement>(null);
  const plot = useRef<HTMLDivElement>(null);
  const base = useRef<HTMLCanvasElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  const ruler = useRef<HTMLCanvasElement>(null);
  const lanes = useRef<StageDrawing | null>(null);
  const counters = useRef<CounterDrawing | null>(null);
  const [hover, setHover] = useState<Hover | null>(null);

  /** The same moment is pointed at in both drawings. */
  const point = (x: number | null, span: Span | null): void => {
    lanes.current?.point(x === null ? null : { x, span });
    counters.current?.point(x);
    pointerX.value = x;
  };
  /** What the card was about is no longer under the pointer. */
  const moved = (): void => {
    point(pointerX.peek(), null);
    setHover(null);
  };
  const leave = (): void => {
    point(null, null);
    setHover(null);
  };
  const hoverCounter = (x: number, clientY: number, place: CounterPlace | null): void => {
    point(x, null);
    const outer = stage.current?.getBoundingClientRect();
    const inner = plot.current?.getBoundingClientRect();
    if (!place || !outer || !inner) return setHover(null);
    const at = { x: x + inner.left - outer.left, y: clientY - outer.top };
    return setHover({ ...at, span: null, instant: null, counter: place });
  };

  useEffect(() => {
    if (!scroll.current || !plot.current || !base.current || !overlay.current || !ruler.current) {
      return;
    }
    const lanesList = scroll.current;
    const drawing = new StageDrawing({
      scroll: lanesList,
      plot: plot.current,
      base: base.current,
      overlay: overlay.current,
      ruler: ruler.current,
    });
    lanes.current = drawing;
    const detach = attachGestures(plot.current, {
      pan: panBy,
      zoom: zoomBy,
      drag: dragRange,
      scroll: (pixels) => lanesList.scrollBy(0, pixels),
      hover(x, y) {
        const span = spanUnder(x, y, lanesList);
        const tick = instantUnder(x, y, lanesList);
        const counter = counterUnder(x, y, lanesList);
        point(x, span);
        const outer = stage.current?.getBoundingClientRect();
        const inner = plot.current?.getBoundingClientRect();
        if ((!span && !tick && !counter) || !outer || !inner) return setHover(null);
        const place = { x: x + inner.left - outer.left, y: y + inner.top - outer.top };
        return setHover({ ...place, span, instant: tick, counter });
      },
      leave,
      click(x, y) {
        const counter = counterUnder(x, y, lanesList);
        holdStill();
        if (counter) chooseCounter(counter);
        else select(spanUnder(x, y, lanesList));
      },
      doubleClick: focusSelection,
    });
    lanesList.addEventListener("scroll", moved, { passive: true });
    const stopFollowing = effect(() => {
      void viewport.value;
      moved();
    });
    // The arrow of a step along the chain of blame would lie under the card.
    const stopClearing = effect(() => {
      if (trail.value.length > 0) setHover(null);
    });
    return () => {
      lanes.current = null;
      drawing.stop();
      stopFollowing();
      stopClearing();
      lanesList.removeEventListener("scroll", moved);
      detach();
    };
  }, []);

  const rowAt = (clientY: number): number => {
    if (!scroll.current || !plot.current) return 0;
    return rowUnder(clientY - plot.current.getBoundingClientRect().top, scroll.current);
  };
  const row = rowShape.value.height;
  const tall = `${rows.value.length * row}px`;
  const label = t("timeline.canvas", {
    lanes: lanesById.value.size,
    duration: formatDuration(duration.value, language.value),
  });
  return (
    <div ref={stage} class="stage" data-then=".stage-plot" style={{ "--row": `${row}px` }}>
      <div class="stage-head">
        <StageWindow />
        <Minimap />
      </div>
      <div class="stage-ruler">
        <LaneFilter />
        <div class="ruler-plot">
          <canvas ref={ruler} aria-hidden="true" />
          <NoteFlags />
        </div>
      </div>
      <div class="stage-lanes">
        <div ref={scroll} class="stage-scroll" style={{ "--whole": tall }}>
          <LaneNames rowAt={rowAt} />
          <div
            ref={plot}
            class="stage-plot"
            tabIndex={0}
            role="application"
            data-landing={isMeant ? "" : undefined}
            aria-label={label}
            style={{ height: tall }}
          >
            <div class="stage-sticky">
              <canvas ref={base} class="stage-base" />
              <canvas ref={overlay} class="stage-overlay" />
            </div>
          </div>
        </div>
      </div>
      <LaneState />
      <LaneMenu />
      <CounterPane
        attach={(drawing) => {
          counters.current = drawing;
        }}
        hover={hoverCounter}
        leave={leave}
      />
      <Fetching />
      {hover && stage.current && (
        <HoverCard
          hover={hover}
          bounds={{ width: stage.current.clientWidth, height: stage.current.clientHeight }}
        />
      )}
    </div>
  );
}
