// SPDX-License-Identifier: MIT
// A run in a few rows, as small as a thumbnail: the looks of the timeline without its labels,
// which have no room, and the kinds of lanes on the left.

import type { LaneColumns } from "../lib/columns";
import type { Picture } from "../lib/picture";
import { lookOf } from "../lib/states";
import type { Palette } from "./palette";
import { anchorPattern, patternFill } from "./patterns";

export interface MiniatureScene {
  picture: Picture;
  /** What a row is called, "" for none. */
  name(row: number): string;
}

export interface MiniatureSize {
  width: number;
  height: number;
  ratio: number;
}

const NAMES_WIDTH = 48;
const PITCH_MAX = 16;
const GAP = 2;
const FONT_SIZE = 10;
/* So that the names of the first and the last row fit. */
const MARGIN = 4;

function columnsOf({ data }: Picture, lane: number): LaneColumns | undefined {
  return data.lanes.get(lane);
}

/** Rows are as high as there is room, up to a limit. */
function pitchOf(rows: number, height: number): number {
  return Math.min(PITCH_MAX, height / Math.max(1, rows));
}

function drawRow(
  context: CanvasRenderingContext2D,
  scene: MiniatureScene,
  row: number,
  box: { left: number; top: number; width: number; tall: number },
  palette: Palette,
  ratio: number,
): void {
  const { picture } = scene;
  const columns = columnsOf(picture, picture.lanes[row]?.id ?? -1);
  if (!columns) return;
  const scale = box.width / picture.duration;
  for (const code of new Set(columns.state)) {
    const look = lookOf(picture.states[code] ?? "");
    const bar = Math.max(1, Math.round(box.tall * look.height));
    const top = box.top + Math.round((box.tall - bar) / 2);
    const fill = patternFill(context, look.pattern, palette.fill(look.token), palette.stripe, ratio);
    anchorPattern(fill, box.left, top, ratio);
    context.fillStyle = fill;
    context.beginPath();
    for (let i = 0; i < columns.length; i++) {
      if (columns.state[i] !== code) continue;
      const from = (columns.start[i] as number) * scale;
      const wide = (columns.end[i] as number) * scale - from;
      context.rect(box.left + from, top, Math.max(0.5, wide - (wide > 3 ? 0.5 : 0)), bar);
    }
    context.fill();
  }
}

export function drawMiniature(
  canvas: HTMLCanvasElement,
  scene: MiniatureScene,
  { width, height, ratio }: MiniatureSize,
  palette: Palette,
): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const { lanes } = scene.picture;
  const pitch = pitchOf(lanes.length, height - 2 * MARGIN);
  const above = Math.floor((height - pitch * lanes.length) / 2);
  context.font = `500 ${Math.min(FONT_SIZE, pitch + 1)}px ${palette.font}`;
  context.textBaseline = "middle";
  lanes.forEach((_, row) => {
    const top = above + row * pitch;
    const tall = Math.max(2, pitch - GAP);
    context.fillStyle = palette.muted;
    context.fillText(scene.name(row), 0, top + tall / 2 + 0.5, NAMES_WIDTH - 4);
    const box = { left: NAMES_WIDTH, top, width: width - NAMES_WIDTH, tall };
    drawRow(context, scene, row, box, palette, ratio);
  });
}
