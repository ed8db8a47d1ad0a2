// SPDX-License-Identifier: MIT
// The overview strip: the whole run in a few rows. The brush that stands for the window is an
// element above this canvas, so moving it draws nothing here.

import type { TimelineData } from "../lib/columns";
import { lookOf } from "../lib/states";
import type { Palette } from "./palette";

export interface MinimapScene {
  duration: number;
  lanes: readonly number[];
  data: TimelineData | null;
  states: readonly string[];
}

const PADDING = 5;

export function drawMinimap(
  canvas: HTMLCanvasElement,
  scene: MinimapScene,
  width: number,
  height: number,
  ratio: number,
  palette: Palette,
): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const { data, lanes } = scene;
  if (!data || lanes.length === 0) return;
  const pitch = (height - 2 * PADDING) / lanes.length;
  const tall = Math.max(1, pitch - 1.5);
  lanes.forEach((id, row) => {
    const columns = data.lanes.get(id);
    for (let i = 0; columns && i < columns.length; i++) {
      const look = lookOf(scene.states[columns.state[i] as number] ?? "");
      const x0 = ((columns.start[i] as number) / scene.duration) * width;
      const x1 = ((columns.end[i] as number) / scene.duration) * width;
      const bar = Math.max(1, tall * look.height);
      const top = PADDING + row * pitch + (tall - bar) / 2;
      context.fillStyle = palette.fill(look.token);
      context.fillRect(x0, top, Math.max(0.5, x1 - x0), bar);
    }
  });
}
