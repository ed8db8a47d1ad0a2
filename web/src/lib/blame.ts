// SPDX-License-Identifier: MIT
// Blame: a wait overlaid with the lane of what was waited for. Who held it meanwhile, and for
// what share of the wait? Exact as long as no merged span lies under the wait.

import { firstEndingAfter, type LaneColumns } from "./columns";

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
  const span = Math.max(1, to - from);
  const shares = [...byHolder]
    .map(([holder, ns]) => ({ holder, ns, share: ns / span }))
    .sort((a, b) => b.ns - a.ns);
  return { shares, freeNs: Math.max(0, to - from - held), exact };
}
