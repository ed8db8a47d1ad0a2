// SPDX-License-Identifier: MIT
// Many narrow bars or areas as pixels. A path of them is filled edge by edge, and takes longer the
// more it has: 40 lanes of 500 bars 12 ms of the page's thread without a GPU, as strips 3. Each
// pixel is as strong as the part of it that is covered. A strip of bars has one row of pixels, or
// those of a pattern's tile, and is stretched to their height; one of areas has all its rows.

import { coverOf, gainsOf, type Range } from "./coverage";

/** A path of fewer bars is filled sooner than a strip is made: both take 40 us at 32. */
export const MANY = 32;

/** What is painted with: a square of pixels in the order of ImageData, `side` wide and tall. */
export interface Ink {
  pixels: Uint32Array;
  side: number;
}

/** Where a strip goes and how; pixels of the device. */
export interface StripPlace {
  top: number;
  height: number;
  alpha: number;
  /** Where the tile begins, any number. */
  phase: number;
}

interface Strip extends StripPlace {
  /** First row in the sheet, and how many. */
  row: number;
  rows: number;
  left: number;
  width: number;
}

/* The alpha of a pixel of ImageData as a little-endian number; every browser's machine is so. */
const ALPHA_SHIFT = 24;
const COLOUR = 0x00ffffff;
const ROWS_AT_FIRST = 256;

export class Strips {
  private readonly canvas: HTMLCanvasElement;
  private readonly context: CanvasRenderingContext2D;
  private image: ImageData;
  private pixels: Uint32Array;
  private cover = new Float32Array(0);
  private gains = new Float32Array(0);
  private readonly queued: Strip[] = [];
  private rows = 0;

  constructor() {
    this.canvas = document.createElement("canvas");
    const context = this.canvas.getContext("2d");
    if (!context) throw new Error("timeline: this browser has no 2D canvas");
    this.context = context;
    this.image = context.createImageData(1, 1);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }

  /** Strips are so wide, pixels of the device. */
  resize(width: number): void {
    if (width !== this.cover.length) this.makeRoom(width, ROWS_AT_FIRST);
    this.cover = new Float32Array(width);
  }

  private makeRoom(width: number, rows: number): void {
    const before = this.pixels;
    this.canvas.width = width;
    this.canvas.height = rows;
    this.image = this.context.createImageData(width, rows);
    this.pixels = new Uint32Array(this.image.data.buffer);
    if (this.rows > 0) this.pixels.set(before);
  }

  /** Bars (x, width by turns) that are painted at the next flush. */
  add(bars: readonly number[], ink: Ink, place: StripPlace): void {
    const range = coverOf(bars, this.cover);
    const { side } = ink;
    const row = this.queue(range, side, place);
    const shift = side - (((Math.round(place.phase) % side) + side) % side);
    for (let y = 0; row >= 0 && y < side; y++) this.paintRow(row + y, range, ink, y * side, shift);
  }

  /** Areas (x, y, width, height by turns; y from the top of the place) of one colour. */
  addAreas(areas: readonly number[], ink: Ink, place: StripPlace): void {
    const { cover } = this;
    const width = cover.length;
    const rows = place.height;
    /* What begins at the lower end is told of the row below it. */
    const size = (rows + 2) * width;
    if (this.gains.length < size) this.gains = new Float32Array(size);
    else this.gains.fill(0, 0, size);
    const range = gainsOf(areas, this.gains, width, rows);
    const row = this.queue(range, rows, place);
    cover.fill(0);
    for (let y = 0; row >= 0 && y < rows; y++) {
      for (let x = range.left; x < range.right; x++) {
        cover[x] = (cover[x] as number) + (this.gains[y * width + x] as number);
      }
      this.paintRow(row + y, range, ink, 0, 0);
    }
  }

  /** Makes room for a strip; its first row, -1 when there is nothing of it. */
  private queue({ left, right }: Range, rows: number, place: StripPlace): number {
    if (right <= left) return -1;
    const row = this.rows;
    this.rows += rows;
    while (this.rows > this.image.height) this.makeRoom(this.image.width, 2 * this.image.height);
    this.queued.push({ ...place, row, rows, left, width: right - left });
    return row;
  }

  private paintRow(row: number, { left, right }: Range, ink: Ink, tile: number, shift: number): void {
    const { pixels, cover } = this;
    const { side } = ink;
    const at = row * this.image.width;
    for (let x = left; x < right; x++) {
      const part = cover[x] as number;
      const paint = ink.pixels[tile + ((x + shift) % side)] as number;
      const alpha = (paint >>> ALPHA_SHIFT) * (part < 1 ? Math.max(0, part) : 1);
      pixels[at + x] = ((paint & COLOUR) | ((alpha + 0.5) << ALPHA_SHIFT)) >>> 0;
    }
  }

  /** Draws what was added since the last time. */
  flush(context: CanvasRenderingContext2D): void {
    if (this.rows === 0) return;
    this.context.putImageData(this.image, 0, 0, 0, 0, this.image.width, this.rows);
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.imageSmoothingEnabled = false;
    for (const strip of this.queued) this.draw(context, strip);
    context.restore();
    this.queued.length = 0;
    this.rows = 0;
  }

  private draw(context: CanvasRenderingContext2D, strip: Strip): void {
    const { left, width, row, rows, top, height } = strip;
    context.globalAlpha = strip.alpha;
    if (rows === 1) {
      context.drawImage(this.canvas, left, row, width, 1, left, top, width, height);
      return;
    }
    for (let y = 0; y < height; y += rows) {
      const tall = Math.min(rows, height - y);
      context.drawImage(this.canvas, left, row, width, tall, left, top + y, width, tall);
    }
  }
}

const plain = new Map<string, Ink>();

/** An ink of one colour. */
export function plainInk(colour: string): Ink {
  let ink = plain.get(colour);
  if (!ink) {
    const canvas = document.createElement("canvas");
    canvas.width = 1;
    canvas.height = 1;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (context) context.fillStyle = colour;
    context?.fillRect(0, 0, 1, 1);
    ink = inkOf(canvas);
    plain.set(colour, ink);
  }
  return ink;
}

/** An ink of a tile, as a pattern is. */
export function inkOf(tile: HTMLCanvasElement): Ink {
  const side = tile.width;
  const copy = document.createElement("canvas");
  copy.width = side;
  copy.height = side;
  const context = copy.getContext("2d", { willReadFrequently: true });
  context?.drawImage(tile, 0, 0);
  const data = context?.getImageData(0, 0, side, side).data ?? new Uint8ClampedArray(4 * side * side);
  return { pixels: new Uint32Array(data.buffer), side };
}
