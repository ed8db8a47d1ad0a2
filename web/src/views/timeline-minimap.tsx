// SPDX-License-Identifier: MIT
// The overview strip above the timeline. Dragging the brush moves the window, dragging an edge
// resizes it; dragging elsewhere, or where the brush is the whole run, makes a new one, and pressing
// there centres it. The keyboard has the timeline itself.

import { useEffect, useRef } from "preact/hooks";
import { t, theme } from "../state/preferences";
import { duration, opened } from "../state/opened";
import { overview, overviewRows } from "../state/timeline";
import { show, viewport } from "../state/viewport";
import { drawMinimap } from "../timeline/minimap";
import { readPalette } from "../timeline/palette";

const EDGE_PIXELS = 8;
/* Whoever moves less has pressed. */
const SLACK_PIXELS = 4;

type Grip = "from" | "to" | "both" | "new";

/** What is taken hold of at a time, with `slack` around the edges. */
function gripAt(time: number, slack: number): Grip {
  const { from, to } = viewport.peek();
  if (Math.abs(time - from) < slack) return "from";
  if (Math.abs(time - to) < slack) return "to";
  const isWhole = to - from >= duration.peek();
  return isWhole || time < from || time > to ? "new" : "both";
}

function centre(time: number): void {
  const { from, to } = viewport.peek();
  const half = (to - from) / 2;
  show({ from: time - half, to: time + half });
}

function attachBrush(strip: HTMLElement): () => void {
  let grip: { kind: Grip; time: number; from: number; to: number } | null = null;
  let isDragged = false;

  const timeAt = (event: PointerEvent): number => {
    const box = strip.getBoundingClientRect();
    const share = (event.clientX - box.left) / Math.max(1, box.width);
    return Math.min(Math.max(share, 0), 1) * duration.peek();
  };
  const timeOf = (pixels: number): number =>
    (pixels / Math.max(1, strip.clientWidth)) * duration.peek();
  const gripUnder = (event: PointerEvent): Grip => gripAt(timeAt(event), timeOf(EDGE_PIXELS));
  const onDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    grip = { kind: gripUnder(event), time: timeAt(event), ...viewport.peek() };
    isDragged = false;
    strip.setPointerCapture(event.pointerId);
  };
  const onMove = (event: PointerEvent): void => {
    // The cursor says what there is to take hold of.
    if (!grip) strip.dataset.grip = gripUnder(event);
    if (!grip) return;
    const time = timeAt(event);
    const by = time - grip.time;
    isDragged ||= Math.abs(by) >= timeOf(SLACK_PIXELS);
    if (grip.kind === "both") show({ from: grip.from + by, to: grip.to + by });
    else if (grip.kind === "from") show({ from: Math.min(time, grip.to), to: grip.to });
    else if (grip.kind === "to") show({ from: grip.from, to: Math.max(time, grip.from) });
    else if (isDragged) show({ from: Math.min(time, grip.time), to: Math.max(time, grip.time) });
  };
  const onUp = (event: PointerEvent): void => {
    const isPress = grip?.kind === "new" && !isDragged && event.type === "pointerup";
    if (grip && isPress) centre(grip.time);
    grip = null;
  };
  const listeners = { pointerdown: onDown, pointermove: onMove, pointerup: onUp, pointercancel: onUp };
  for (const [type, listener] of Object.entries(listeners)) strip.addEventListener(type as "pointerup", listener);
  return () => {
    for (const [type, listener] of Object.entries(listeners)) strip.removeEventListener(type as "pointerup", listener);
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
