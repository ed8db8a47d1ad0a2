// SPDX-License-Identifier: MIT
// The frame of a table. One that is wider than its place scrolls sideways: then the keyboard
// reaches it, and an edge that fades says that there is more.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

interface FrameProps {
  /** What it is, for those who come to it by keyboard. */
  label: string;
  /** It scrolls up and down, too. */
  isHigh?: boolean;
  isBusy?: boolean;
  children: ComponentChildren;
}

export function ScrollFrame({ label, isHigh = false, isBusy, children }: FrameProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [isWide, setWide] = useState(false);
  const [isCut, setCut] = useState(false);
  const measure = (): void => {
    if (!frame.current) return;
    const { scrollLeft, scrollWidth, clientWidth } = frame.current;
    setWide(scrollWidth > clientWidth);
    // Widths are rounded.
    setCut(scrollLeft + clientWidth < scrollWidth - 1);
  };
  useEffect(() => {
    const { current } = frame;
    if (!current) return;
    const observer = new ResizeObserver(measure);
    for (const each of [current, ...current.children]) observer.observe(each);
    return () => observer.disconnect();
  }, []);
  const reached = isWide || isHigh ? ({ tabIndex: 0, role: "region", "aria-label": label } as const) : {};
  return (
    <div
      ref={frame}
      class={`table-frame${isHigh ? " is-scrolling" : ""}${isCut ? " is-cut" : ""}`}
      aria-busy={isBusy}
      onScroll={measure}
      {...reached}
    >
      {children}
    </div>
  );
}
