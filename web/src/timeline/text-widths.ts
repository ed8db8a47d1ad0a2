// SPDX-License-Identifier: MIT
// How wide texts are in the one font that the timeline writes in: asking a canvas takes longer
// than drawing does.

/* What is written is figures and names, most of them again and again. */
const KEPT = 4096;

export class TextWidths {
  private readonly widths = new Map<string, number>();

  /** CSS pixels, in the font that is set. */
  of(context: CanvasRenderingContext2D, text: string): number {
    let width = this.widths.get(text);
    if (width === undefined) {
      if (this.widths.size > KEPT) this.widths.clear();
      width = context.measureText(text).width;
      this.widths.set(text, width);
    }
    return width;
  }

  /** The font changed. */
  forget(): void {
    this.widths.clear();
  }
}
