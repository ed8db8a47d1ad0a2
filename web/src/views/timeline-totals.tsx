// SPDX-License-Identifier: MIT
// The table twin of the timeline: time per state and lane in the visible window.

import { useMemo, useState } from "preact/hooks";
import type { Lane } from "../lib/lanes";
import { rangeTotals, visibleTotals, wholeTotals } from "../lib/totals";
import { t } from "../state/preferences";
import { rangeStats } from "../state/range";
import { isLive, opened } from "../state/opened";
import { data } from "../state/timeline";
import { restingViewport, restsOnWhole } from "../state/viewport";
import { laneTitle } from "../state/lane-title";
import { rowAfter } from "./focus-keeper";
import { StateSwatch } from "./state-swatch";
import { duration, laneHome, sharedStateWords } from "./timeline-words";
import { TwinTable } from "./twin-table";

/* A run may have thousands of tasks; the table begins with the first lanes. */
const FIRST_ROWS = 100;

/** The kind of a lane, unless its name says it already, and where it is if others are alike. */
function laneNote(lane: Lane): string {
  const kind = t(`kind.${lane.kind}`);
  const known = laneTitle(lane).toLowerCase().includes(kind.toLowerCase());
  return [known ? "" : kind, laneHome(lane)].filter((note) => note !== "").join(" · ");
}

export function Totals() {
  const open = opened.value;
  const view = restingViewport.value;
  const loaded = data.value;
  const all = restsOnWhole.value && !isLive.value;
  const [allRows, setAllRows] = useState(false);
  const stats = rangeStats.value;
  const ends = stats.status === "ready" ? stats.value : null;
  const table = useMemo(() => {
    if (open.status !== "ready") return null;
    const { states, items } = open.value.lanes;
    if (ends) return rangeTotals(states, items, ends.lanes);
    if (all || !loaded) return wholeTotals(states, items);
    return visibleTotals(states, items, loaded, view.from, view.to);
  }, [open, loaded, view, all, ends]);
  if (open.status !== "ready" || !table || table.rows.length === 0) return null;
  const lanes = open.value.lanes.items;
  const exactly = ends ? t("timeline.totals.exact") : null;
  const note = table.exact ? exactly : t("timeline.totals.approx");
  const shown = allRows ? table.rows : table.rows.slice(0, FIRST_ROWS);
  return (
    <div class="totals">
      <TwinTable
        id="totals-title"
        title={t("timeline.totals")}
        window={ends ?? (all ? null : view)}
        {...(note === null ? {} : { note })}
      >
        <thead>
          <tr>
            <th scope="col">{t("timeline.totals.lane")}</th>
            {table.states.map((state) => (
              <th key={state} scope="col" class="is-number">
                <StateSwatch state={state} /> {sharedStateWords(state, lanes)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map(({ lane, ns }) => (
            <tr key={lane.id}>
              <th scope="row">
                {laneTitle(lane)} <span class="is-muted">{laneNote(lane)}</span>
              </th>
              {ns.map((time, index) => (
                <td key={table.states[index]} class="is-number">
                  {time > 0 ? duration(time) : <span class="is-muted">-</span>}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </TwinTable>
      {shown.length < table.rows.length && (
        <button
          type="button"
          class="button totals-more"
          data-then={rowAfter(".totals-table tbody tr", FIRST_ROWS)}
          onClick={() => setAllRows(true)}
        >
          {t("timeline.totals.more", { count: table.rows.length })}
        </button>
      )}
    </div>
  );
}
