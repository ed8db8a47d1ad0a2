// SPDX-License-Identifier: MIT
// The table twin of the counters: how they begin and end in the range that is chosen, in the
// visible window otherwise, and between which values they are.

import { extentOf } from "../lib/counters";
import { columnsIn } from "../state/counters";
import { t } from "../state/preferences";
import { rangeStats } from "../state/range";
import { counters, data } from "../state/timeline";
import { restingViewport, restsOnWhole } from "../state/viewport";
import { counterTitle, counterValue } from "./counter-words";
import { laneFullTitle } from "./timeline-words";
import { TwinTable } from "./twin-table";

const COLUMNS = ["first", "min", "max", "last"] as const;

export function CounterTable() {
  const stats = rangeStats.value;
  const ends = stats.status === "ready" ? stats.value : null;
  const view = ends ?? restingViewport.value;
  const loaded = data.value;
  const all = ends === null && restsOnWhole.value;
  const list = counters.value;
  if (list.length === 0) return null;
  const covers = loaded !== null && loaded.from <= view.from && view.to <= loaded.to;
  const rows = list.map((whole) => {
    const columns = (covers ? columnsIn(loaded, whole) : null) ?? whole;
    return { ...whole, extent: extentOf(columns, view.from, view.to) };
  });
  const exact = all || rows.every(({ extent }) => extent.exact);
  return (
    <div class="totals">
      <TwinTable
        id="counters-title"
        title={t("counter.title")}
        window={all ? null : view}
        className="counter-table"
        {...(exact ? {} : { note: t("counter.approx") })}
      >
        <thead>
          <tr>
            <th scope="col">{t("counter.column.name")}</th>
            {COLUMNS.map((column) => (
              <th key={column} scope="col" class="is-number">
                {t(`counter.column.${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ lane, kind, extent }) => (
            <tr key={`${lane}.${kind}`}>
              <th scope="row">
                {counterTitle(kind)} <span class="is-muted">{laneFullTitle(lane)}</span>
              </th>
              {COLUMNS.map((column) => (
                <td key={column} class="is-number">
                  {counterValue(kind, extent[column])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </TwinTable>
    </div>
  );
}
