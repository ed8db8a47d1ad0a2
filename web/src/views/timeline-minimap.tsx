// SPDX-License-Identifier: MIT
// The overview strip above the timeline. Dragging the brush moves the window, dragging an edge
// resizes it, pressing elsewhere centres it there. The keyboard has the timeline itself.

import { useEffect, useRef } from "preact/hooks";
import { t, theme } from "../state/preferences";
import { duration, opened } from "../state/opened";
import { overview, overviewRows } from "../state/timeline";
import { show, viewport } from "../state/viewport";
import { drawMinimap } from "../timeline/minimap";
import { readPalette } from "../timeline/palette";

const EDGE_PIXELS = 8;

type Grip = "from" | "to" | "both";

function attachBrush(strip: HTMLElement): () => void {
  let grip: { kind: Grip; time: number; from: number; to: number } | null = null;

  const timeAt = (event: PointerEvent): number => {
    const box = strip.getBoundingClientRect();
    const share = (event.clientX - box.left) / Math.max(1, box.width);
    return Math.min(Math.max(share, 0), 1) * duration.peek();
  };
  const onDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const time = timeAt(event);
    const slack = (EDGE_PIXELS / Math.max(1, strip.clientWidth)) * duration.peek();
    let view = viewport.peek();
    const whole = view.to - view.from >= duration.peek();
    let kind: Grip = "both";
    if (Math.abs(time - view.from) < slack) kind = "from";
    else if (Math.abs(time - view.to) < slack) kind = "to";
    else if (!whole && (time < view.from || time > view.to)) {
      const half = (view.to - view.from) / 2;
      show({ from: time - half, to: time + half });
      view = viewport.peek();
    }
    grip = { kind, time, from: view.from, to: view.to };
    strip.setPointerCapture(event.pointerId);
  };
  const onMove = (event: PointerEvent): void => {
    if (!grip) return;
    const time = timeAt(event);
    const by = time - grip.time;
    if (grip.kind === "both") show({ from: grip.from + by, to: grip.to + by });
    else if (grip.kind === "from") show({ from: Math.min(time, grip.to), to: grip.to });
    else show({ from: grip.from, to: Math.max(time, grip.from) });
  };
  const onUp = (): void => {
    grip = null;
  };
  strip.addEventListener("pointerdown", onDown);
  strip.addEventListener("pointermove", onMove);
  strip.addEventListener("pointerup", onUp);
  strip.addEventListener("pointercancel", onUp);
  return () => {
    strip.removeEventListener("pointerdown", onDown);
    strip.removeEventListener("pointermove", onMove);
    strip.removeEventListener("pointerup", onUp);
    strip.removeEventListener("pointercancel", onUp);
  };
}

export function Minimap() {
  const strip = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const loaded = overview.value;
  const colours = theme.value;
  const view = viewport.value;
  const total = duration.value;

  useEffect(() => (strip.current ? attachBrush(strip.current) : undefined), []);
  useEffect(() => {
    const element = strip.current;
    if (!element) return;
    const draw = (): void => {
      const state = opened.peek();
      if (!canvas.current || state.status !== "ready") return;
      const scene = {
        duration: duration.peek(),
        lanes: overviewRows.peek().map((lane) => lane.id),
        data: loaded,
        states: state.value.lanes.states,
      };
      const { clientWidth, clientHeight } = element;
      const ratio = window.devicePixelRatio || 1;
      drawMinimap(canvas.current, scene, clientWidth, clientHeight, ratio, readPalette(element));
    };
    const observer = new ResizeObserver(draw);
    observer.observe(element);
    return () => observer.disconnect();
  }, [loaded, colours]);

  return (
    <div ref={strip} class="minimap" role="img" aria-label={t("timeline.overview")}>
      <canvas ref={canvas} class="minimap-canvas" />
      {/* Moved by transforms alone: nothing is laid out or painted anew in a frame. */}
      <span
        class="minimap-outside is-before"
        style={{ transform: `translateX(${(100 * view.from) / total}%)` }}
      />
      <span
        class="minimap-outside is-after"
        style={{ transform: `translateX(${(100 * view.to) / total}%)` }}
      />
    </div>
  );
}
