// SPDX-License-Identifier: MIT
// Who had what a span waits for: at once and roughly from what is loaded, then exactly from the
// server, which also knows who ended a wait for what nobody holds.

import { effect, signal } from "@preact/signals";
import { getBlame } from "../api";
import { type Blame, blameOfRows, blameWait } from "../lib/blame";
import type { Span } from "../lib/columns";
import type { Lane } from "../lib/lanes";
import { current, isLive, lanesById, stateName } from "./opened";
import { data, selection } from "./timeline";

export const selectionBlame = signal<Blame | null>(null);

const HOLDING: Partial<Record<Lane["kind"], string>> = {
  gil: "held",
  lock: "held",
  loop: "callback",
  core: "running",
};

/** Code of the state in which a lane of this kind names its holder; -1 if it has none. */
function holdingState(lane: Lane | undefined): number {
  const name = lane && HOLDING[lane.kind];
  return name ? (current.peek()?.lanes.states.indexOf(name) ?? -1) : -1;
}

/**
 * An await that gave control back to its loop: the loop only carries it, and what ends it is a
 * timer, the outside world, a thread or another task.
 */
export function isCarried(span: Span): boolean {
  const loop = lanesById.peek().get(span.resource)?.kind === "loop";
  return loop && stateName(span.state).startsWith("await");
}

/** Whether the span is one wait for something that others can hold. */
function waitsForHolder(span: Span): boolean {
  const name = stateName(span.state);
  if (isCarried(span)) return false;
  const waits = name.startsWith("wait") || name.startsWith("await") || name === "ready";
  return span.resource >= 0 && span.count === 1 && (waits || name === "forced_wait");
}

/** Nothing to blame where nobody held it. */
function someBlame(blame: Blame): Blame | null {
  return blame.shares.length > 0 || blame.damaged > 0 ? blame : null;
}

/** Who held what this span waits for; from loaded data, so possibly approximate. */
export function blameOf(span: Span): Blame | null {
  if (!waitsForHolder(span)) return null;
  const holding = holdingState(lanesById.peek().get(span.resource));
  const loaded = data.peek();
  const columns = loaded?.lanes.get(span.resource);
  if (holding < 0 || !loaded || !columns) return null;
  const inside = span.start >= loaded.from && span.end <= loaded.to;
  const blame = blameWait(columns, span.resource, holding, span.start, span.end);
  return someBlame(inside ? blame : { ...blame, exact: false });
}

async function readBlame(run: string, span: Span): Promise<Blame | null> {
  const wire = await getBlame(run, { from: span.start, to: span.end }, [span.lane]);
  const blame = blameOfRows(wire, span);
  // Waits for a core are not in the server's answer.
  return wire.waiter.length > 0 || blame.damaged > 0 ? someBlame(blame) : null;
}

effect(() => {
  const span = selection.value;
  const run = current.value?.run.id;
  selectionBlame.value = span && blameOf(span);
  if (!span || !run || isLive.peek() || !waitsForHolder(span)) return;
  readBlame(run, span)
    .then((blame) => {
      if (selection.peek() === span && blame) selectionBlame.value = blame;
    })
    .catch(() => {
      // The rough answer stays.
    });
});
