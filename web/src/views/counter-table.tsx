// SPDX-License-Identifier: MIT
// The table twin of the counters: how they begin and end in the visible window, and between
// which values they are.

import { extentOf } from "../lib/counters";
import { columnsIn } from "../state/counters";
import { t } from "../state/preferences";
import { counters, data } from "../state/timeline";
import { restingViewport, restsOnWhole } from "../state/viewport";
import { counterTitle, counterValue } from "./counter-words";
import { laneFullTitle } from "./timeline-words";
import { TwinTable } from "./twin-table";

const COLUMNS = ["first", "min", "max", "last"] as const;

export function CounterTable() {
  const view = restingViewport.value;
  const loaded = data.value;
  const all = restsOnWhole.value;
  const list = counters.value;
  if (list.length === 0) return null;
  const covers = loaded !== null && loaded.from <= view.from && view.to <= loaded.to;
  return (
    <div class="totals">
      <TwinTable id="counters-title" title={t("counter.title")} window={all ? null : view} className="counter-table">
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
          {list.map((whole) => {
            const columns = (covers ? columnsIn(loaded, whole) : null) ?? whole;
            const extent = extentOf(columns, view.from, view.to);
            return (
              <tr key={`${whole.lane}.${whole.kind}`}>
                <th scope="row">
                  {counterTitle(whole.kind)}{" "}
                  <span class="is-muted">{laneFullTitle(whole.lane)}</span>
                </th>
                {COLUMNS.map((column) => (
                  <td key={column} class="is-number">
                    {counterValue(whole.kind, extent[column])}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </TwinTable>
    </div>
  );
}
