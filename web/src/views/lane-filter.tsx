// SPDX-License-Identifier: MIT
// Above the names: only lanes with a text in theirs. Below the stage: what is left out, and back.

import { arrangement, asAtFirst, filterLanes, isArranged, showHidden } from "../state/arrangement";
import { rowOfLane, rows, stickyCount } from "../state/lane-rows";
import { lanesById } from "../state/opened";
import { t } from "../state/preferences";
import { focusStage } from "./focus-keeper";
import { laneNews } from "./lane-actions";
import { printedRows } from "./stage-print";

export function LaneFilter() {
  return (
    <input
      class="lane-filter"
      type="search"
      value={arrangement.value.lanes}
      placeholder={t("lanes.filter")}
      aria-label={t("lanes.filter")}
      onInput={(event) => filterLanes(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        if (arrangement.peek().lanes === "") focusStage();
        filterLanes("");
        event.stopPropagation();
      }}
    />
  );
}

function LeftOut() {
  const { hide, lanes } = arrangement.value;
  const shown = rowOfLane.value.size;
  return (
    <>
      {lanes !== "" && (
        <span>
          {shown === 0
            ? t("lanes.none", { text: lanes })
            : t("lanes.matching", { shown, count: lanesById.value.size })}
        </span>
      )}
      {hide.length > 0 && (
        <button type="button" class="button is-quiet is-small" onClick={showHidden}>
          {t("lanes.hidden", { count: hide.length })}
        </button>
      )}
    </>
  );
}

/** On paper: what is not on it, and how it would be. */
function Printed() {
  const printed = printedRows.value;
  const count = rows.value.length - stickyCount.value;
  if (!printed || printed.last - printed.first >= count) return null;
  const [first, last] = [printed.first - stickyCount.value + 1, printed.last - stickyCount.value];
  return <p class="lanes-printed">{t("lanes.printed", { first, last, count })}</p>;
}

export function LaneState() {
  return (
    <>
      <Printed />
      <p class="visually-hidden" role="status">
        {laneNews.value}
      </p>
      {isArranged.value && (
        <div class="lane-state">
          <LeftOut />
          <button type="button" class="button is-quiet is-small" onClick={asAtFirst}>
            {t("lanes.reset")}
          </button>
        </div>
      )}
    </>
  );
}
