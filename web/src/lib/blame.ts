// SPDX-License-Identifier: MIT
// Blame: a wait overlaid with the lane of what was waited for. Who held it meanwhile, and for
// what share of the wait? Exact as long as no merged span lies under the wait.

import { firstEndingAfter, type LaneColumns, type Span } from "./columns";

export interface BlameShare {
  /** Lane of the holder; -1 for time that no single holder can be given (merged spans). */
  holder: number;
  ns: number;
  share: number;
}

export interface Blame {
  shares: BlameShare[];
  /** Nobody held it: handover, wake-up latency, lost races. */
  freeNs: number;
  exact: boolean;
  /** How many pieces of it are damaged in the store and missing. */
  damaged: number;
}

/** The answer of GET /runs/{id}/blame, as far as it is read here. */
export interface WireBlame {
  waiter: number[];
  wait: number[];
  holder: number[];
  ns: number[];
  damages: readonly { what: string }[];
}

/** The largest first. */
function sharesOf(byHolder: ReadonlyMap<number, number>, length: number): BlameShare[] {
  return [...byHolder]
    .map(([holder, ns]) => ({ holder, ns, share: ns / Math.max(1, length) }))
    .sort((a, b) => b.ns - a.ns);
}

/** Shares of a range of `length` by holder, from their times; the rest nobody held it. */
export function blameOfTimes(
  holders: readonly number[],
  times: readonly number[],
  length: number,
): Blame {
  const byHolder = new Map<number, number>();
  let held = 0;
  holders.forEach((holder, row) => {
    if (holder < 0) return;
    const ns = times[row] as number;
    byHolder.set(holder, (byHolder.get(holder) ?? 0) + ns);
    held += ns;
  });
  const freeNs = Math.max(0, length - held);
  return { shares: sharesOf(byHolder, length), freeNs, exact: true, damaged: 0 };
}

/**
 * `heldState` is the code of the state in which `resource` names the holder; where it names
 * nobody that is `own`, the lane itself: an event loop between the steps of its tasks.
 */
export function blameWait(
  holders: LaneColumns,
  own: number,
  heldState: number,
  from: number,
  to: number,
): Blame {
  const byHolder = new Map<number, number>();
  let held = 0;
  let exact = true;
  for (let i = firstEndingAfter(holders, from); i < holders.length; i++) {
    const start = holders.start[i] as number;
    if (start >= to) break;
    const merged = (holders.count[i] as number) > 1;
    if (merged) exact = false;
    if (!merged && (holders.state[i] as number) !== heldState) continue;
    const time = Math.min(holders.end[i] as number, to) - Math.max(start, from);
    const named = holders.resource[i] as number;
    const holder = merged ? -1 : named < 0 ? own : named;
    byHolder.set(holder, (byHolder.get(holder) ?? 0) + time);
    held += time;
  }
  const freeNs = Math.max(0, to - from - held);
  return { shares: sharesOf(byHolder, to - from), freeNs, exact, damaged: 0 };
}

/** The blame of one wait from the server's rows for its waiter and its time. */
export function blameOfRows(wire: WireBlame, span: Pick<Span, "start" | "end" | "state">): Blame {
  const rows = wire.ns.flatMap((_, row) => (wire.wait[row] === span.state ? [row] : []));
  const holders = rows.map((row) => wire.holder[row] as number);
  const times = rows.map((row) => wire.ns[row] as number);
  const blame = blameOfTimes(holders, times, span.end - span.start);
  return { ...blame, damaged: wire.damages.length };
}
