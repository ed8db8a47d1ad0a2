// SPDX-License-Identifier: MIT
// The picture of a run that a preview answers with: a few lanes from the first to the last
// nanosecond, and what was done on them.

import type { WirePicture } from "../api";
import { decodeTimeline, type TimelineData } from "./columns";
import type { Lane, LaneKind } from "./lanes";
import { isQuiet } from "./states";

export interface Picture {
  duration: number;
  states: readonly string[];
  /** In the order in which they are drawn. */
  lanes: readonly Lane[];
  data: TimelineData;
}

const ORDER: readonly LaneKind[] = ["gil", "loop", "thread", "task"];

export function decodePicture({ states, lanes, timeline }: WirePicture): Picture {
  const rank = ({ kind }: Lane): number => ORDER.indexOf(kind);
  return {
    duration: timeline.to,
    states,
    lanes: [...lanes].sort((a, b) => rank(a) - rank(b) || a.id - b.id),
    data: decodeTimeline(timeline),
  };
}

/** Share of the time of threads and tasks in each state, the largest first; quiet ones are left out. */
export function pictureShares({ lanes }: Picture): { state: string; share: number }[] {
  const totals = new Map<string, number>();
  for (const lane of lanes) {
    if (lane.kind !== "thread" && lane.kind !== "task") continue;
    for (const [state, ns] of Object.entries(lane.totals)) {
      if (!isQuiet(state)) totals.set(state, (totals.get(state) ?? 0) + ns);
    }
  }
  const sum = [...totals.values()].reduce((all, ns) => all + ns, 0);
  return [...totals]
    .map(([state, ns]) => ({ state, share: sum > 0 ? ns / sum : 0 }))
    .sort((a, b) => b.share - a.share);
}

/** States that are seen on any of them. */
export function pictureStates(pictures: readonly Picture[]): Set<string> {
  const seen = new Set<string>();
  for (const { data, states } of pictures) {
    for (const { state } of data.lanes.values()) {
      for (const code of new Set(state)) seen.add(states[code] ?? "");
    }
  }
  return new Set([...seen].filter((state) => !isQuiet(state)));
}
