// SPDX-License-Identifier: MIT
// Wheel, drag, pinch and pointer on the timeline, told as intentions. The mouse drags a range,
// with Shift or its middle button it pans, as one finger does, which drags a range when it has
// rested before; two fingers pinch; the wheel with Ctrl zooms at the cursor, with Shift (or sideways)
// it pans, and alone it is the browser's: it scrolls the lanes, or the page where all of them are seen.

export interface GestureHandlers {
  /** Share of the visible width; positive moves the window to later times. */
  pan(share: number): void;
  /** Below 1 is closer; anchor 0..1 stays in place. */
  zoom(factor: number, anchor: number): void;
  /** From one place to another, while it is dragged and when it is let go. */
  drag(x0: number, x1: number): void;
  /** Pixels down the list of lanes. */
  scroll(pixels: number): void;
  hover(x: number, y: number): void;
  leave(): void;
  click(x: number, y: number): void;
  doubleClick(x: number, y: number): void;
}

const CLICK_SLACK = 4;
/* A second click so soon belongs to the first: what is under it may have moved meanwhile. */
export const DOUBLE_MS = 400;
/* A finger that rests so long marks, and while it rests it trembles by that many pixels. */
const HOLD_MS = 450;
const HOLD_SLACK = 10;
const WHEEL_SPEED = 0.0066;
const LINE_PIXELS = 16;

interface Point {
  x: number;
  y: number;
}

export function attachGestures(element: HTMLElement, handlers: GestureHandlers): () => void {
  const pointers = new Map<number, Point>();
  let travelled = 0;
  /* Where a range begins while one is dragged. */
  let anchor: number | null = null;
  let holding = 0;
  let clicked: { at: number; x: number; y: number } | null = null;

  const place = (event: MouseEvent): Point => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const widthNow = (): number => Math.max(1, element.clientWidth);

  const onWheel = (event: WheelEvent): void => {
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PIXELS : 1;
    const isSideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    const isZoom = event.ctrlKey || event.metaKey;
    if (!isSideways && !isZoom) return;
    event.preventDefault();
    if (isSideways) {
      handlers.pan(((event.deltaX || event.deltaY) * unit) / widthNow());
      return;
    }
    const limited = Math.max(-240, Math.min(240, event.deltaY * unit));
    handlers.zoom(Math.exp(limited * WHEEL_SPEED), place(event).x / widthNow());
  };

  /** From here on the finger drags a range. */
  const mark = (x: number): void => {
    anchor = x;
    element.classList.add("is-marking");
    navigator.vibrate?.(10);
  };
  const letGo = (): void => {
    window.clearTimeout(holding);
    element.classList.remove("is-dragging", "is-marking");
  };

  const onDown = (event: PointerEvent): void => {
    if (event.button !== 0 && event.button !== 1) return;
    if (pointers.size === 0) travelled = 0;
    const isMouse = event.pointerType === "mouse";
    const { x, y } = place(event);
    letGo();
    anchor = isMouse && event.button === 0 && !event.shiftKey ? x : null;
    pointers.set(event.pointerId, { x, y });
    if (!isMouse && pointers.size === 1) holding = window.setTimeout(mark, HOLD_MS, x);
    element.setPointerCapture(event.pointerId);
  };

  const pinch = (before: readonly Point[], after: readonly Point[]): void => {
    const [a0, b0] = before as [Point, Point];
    const [a1, b1] = after as [Point, Point];
    const apart0 = Math.max(8, Math.hypot(a0.x - b0.x, a0.y - b0.y));
    const apart1 = Math.max(8, Math.hypot(a1.x - b1.x, a1.y - b1.y));
    const middle0 = (a0.x + b0.x) / 2;
    const middle1 = (a1.x + b1.x) / 2;
    handlers.zoom(apart0 / apart1, middle1 / widthNow());
    handlers.pan((middle0 - middle1) / widthNow());
  };

  const onMove = (event: PointerEvent): void => {
    const now = place(event);
    const last = pointers.get(event.pointerId);
    if (!last) {
      if (event.pointerType === "mouse") handlers.hover(now.x, now.y);
      return;
    }
    const before = [...pointers.values()];
    pointers.set(event.pointerId, now);
    travelled += Math.abs(now.x - last.x) + Math.abs(now.y - last.y);
    if (before.length === 2) return pinch(before, [...pointers.values()]);
    if (travelled < CLICK_SLACK) return;
    if (travelled > HOLD_SLACK) window.clearTimeout(holding);
    if (anchor !== null) return handlers.drag(anchor, now.x);
    element.classList.add("is-dragging");
    handlers.leave();
    handlers.pan((last.x - now.x) / widthNow());
    handlers.scroll(last.y - now.y);
  };

  const onUp = (event: PointerEvent): void => {
    const known = pointers.delete(event.pointerId);
    const marked = element.classList.contains("is-marking");
    letGo();
    if (!known || marked || event.type === "pointercancel" || travelled >= CLICK_SLACK) return;
    const { x, y } = place(event);
    if (!isSecondClick(event)) handlers.click(x, y);
  };

  /** On the same place of the screen: the page may have been scrolled by the first one. */
  const isSecondClick = ({ timeStamp, clientX, clientY }: PointerEvent): boolean => {
    const first = clicked;
    const isSecond =
      first !== null &&
      timeStamp - first.at < DOUBLE_MS &&
      Math.hypot(clientX - first.x, clientY - first.y) < 2 * CLICK_SLACK;
    clicked = isSecond ? null : { at: timeStamp, x: clientX, y: clientY };
    return isSecond;
  };

  const onLeave = (): void => handlers.leave();
  /* The browser scrolls the list of lanes by touch, but not while a range is dragged. */
  const onTouch = (event: TouchEvent): void => {
    if (element.classList.contains("is-marking")) event.preventDefault();
  };
  /* What a long press means elsewhere. */
  const onMenu = (event: Event): void => {
    if (pointers.size > 0) event.preventDefault();
  };
  const onDouble = (event: MouseEvent): void => {
    const { x, y } = place(event);
    handlers.doubleClick(x, y);
  };

  element.addEventListener("wheel", onWheel, { passive: false });
  element.addEventListener("pointerdown", onDown);
  element.addEventListener("pointermove", onMove);
  element.addEventListener("pointerup", onUp);
  element.addEventListener("pointercancel", onUp);
  element.addEventListener("pointerleave", onLeave);
  element.addEventListener("dblclick", onDouble);
  element.addEventListener("contextmenu", onMenu);
  element.addEventListener("touchmove", onTouch, { passive: false });
  return () => {
    element.removeEventListener("wheel", onWheel);
    element.removeEventListener("pointerdown", onDown);
    element.removeEventListener("pointermove", onMove);
    element.removeEventListener("pointerup", onUp);
    element.removeEventListener("pointercancel", onUp);
    element.removeEventListener("pointerleave", onLeave);
    element.removeEventListener("dblclick", onDouble);
    element.removeEventListener("contextmenu", onMenu);
    element.removeEventListener("touchmove", onTouch);
    letGo();
  };
}
