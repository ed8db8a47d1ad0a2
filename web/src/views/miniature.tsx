// SPDX-License-Identifier: MIT
// The picture of a run on a small canvas, and in words for those who do not see it.

import { useEffect, useRef, useState } from "preact/hooks";
import { formatShare } from "../lib/format";
import { type Picture, pictureShares } from "../lib/picture";
import { language, theme, tServer } from "../state/preferences";
import { drawMiniature } from "../timeline/miniature";
import { readPalette } from "../timeline/palette";

/* The states that are named in words; the rest is too little to matter. */
const NAMED = 3;

/** "waits for the GIL 45 %, runs Python 50 %". */
export function pictureWords(picture: Picture): string {
  return pictureShares(picture)
    .slice(0, NAMED)
    .filter(({ share }) => share >= 0.01)
    .map(({ state, share }) => `${tServer("state", state, state)} ${formatShare(share, language.value)}`)
    .join(", ");
}

function useWidth(): [{ current: HTMLCanvasElement | null }, number] {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? 0));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [canvas, width];
}

/** What the first lane of each kind is called. */
function rowName(picture: Picture, row: number): string {
  const { lanes } = picture;
  const kind = lanes[row]?.kind;
  return kind && lanes[row - 1]?.kind !== kind ? tServer("ask.lanes", kind, kind) : "";
}

export function Miniature({ picture, label }: { picture: Picture; label: string }) {
  const [canvas, width] = useWidth();
  const look = theme.value;
  const words = language.value;
  useEffect(() => {
    const element = canvas.current;
    if (!element || width === 0) return;
    const scene = { picture, name: (row: number) => rowName(picture, row) };
    const size = { width, height: element.clientHeight, ratio: window.devicePixelRatio };
    drawMiniature(element, scene, size, readPalette(element));
    element.dataset.ready = "yes";
  }, [picture, width, look, words]);
  return (
    <canvas ref={canvas} class="miniature" role="img" aria-label={`${label}: ${pictureWords(picture)}`} />
  );
}
