// SPDX-License-Identifier: MIT
// Time per state and lane, as a table: the timeline for those who read rather than look.

import { stateTotals, type TimelineData } from "./columns";
import { isUsed, type Lane } from "./lanes";
import { byLegendOrder, isQuiet } from "./states";

export interface TotalsRow {
  lane: Lane;
  /** Time per state, in the order of TotalsTable.states. */
  ns: number[];
}

export interface TotalsTable {
  states: string[];
  rows: TotalsRow[];
  /** False when spans merged by the server took part. */
  exact: boolean;
}

function tableOf(
  names: readonly string[],
  entries: readonly { lane: Lane; totals: Record<string, number> }[],
  exact: boolean,
): TotalsTable {
  const used = names
    .filter((name) => !isQuiet(name) && entries.some(({ totals }) => (totals[name] ?? 0) > 0))
    .sort(byLegendOrder);
  const rows = entries.map(({ lane, totals }) => ({
    lane,
    ns: used.map((name) => totals[name] ?? 0),
  }));
  return { states: used, rows, exact };
}

function hasRow(lane: Lane): boolean {
  return lane.kind !== "process" && isUsed(lane);
}

/** The whole run, exact, from the lanes' own totals. */
export function wholeTotals(names: readonly string[], lanes: readonly Lane[]): TotalsTable {
  const entries = lanes.filter(hasRow).map((lane) => ({ lane, totals: lane.totals }));
  return tableOf(names, entries, true);
}

/** A range, exact, from what the server says of it. */
export function rangeTotals(
  names: readonly string[],
  lanes: readonly Lane[],
  stats: readonly { id: number; totals: Record<string, number> }[],
): TotalsTable {
  const byId = new Map(stats.map(({ id, totals }) => [id, totals]));
  const entries = lanes.flatMap((lane) => {
    const totals = byId.get(lane.id);
    return totals && hasRow(lane) ? [{ lane, totals }] : [];
  });
  return tableOf(names, entries, true);
}

/** The window [from, to), from whatever the server sent for it. */
export function visibleTotals(
  names: readonly string[],
  lanes: readonly Lane[],
  data: TimelineData,
  from: number,
  to: number,
): TotalsTable {
  let exact = true;
  const entries = lanes.flatMap((lane) => {
    const columns = data.lanes.get(lane.id);
    if (!columns || !hasRow(lane)) return [];
    const visible = stateTotals(columns, from, to);
    if (!visible.exact) exact = false;
    const totals: Record<string, number> = {};
    for (const [code, ns] of visible.totals) totals[names[code] ?? ""] = ns;
    return [{ lane, totals }];
  });
  return tableOf(names, entries, exact);
}
