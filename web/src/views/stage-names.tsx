// SPDX-License-Identifier: MIT
// The lane names beside the drawing, with fold buttons and the colour of each thread.

import type { Row } from "../lib/lanes";
import { t } from "../state/preferences";
import { rows, rowsOnScreen, selection, threadIndex, toggleFold } from "../state/timeline";
import { IDENTITY_COLOURS } from "../timeline/palette";
import { Icon } from "./icon";
import { ROW_HEIGHT } from "./stage-place";
import { laneTitle } from "./timeline-words";

function LaneName({ row }: { row: Row }) {
  const { lane } = row;
  const group = row.key === "cores" ? "timeline.cores" : "timeline.unusedCores";
  const name = lane ? laneTitle(lane) : t(group);
  const index = lane ? threadIndex.value.get(lane.id) : undefined;
  const chosen = lane !== null && selection.value?.lane === lane.id;
  const fold = t(row.folded ? "timeline.unfold" : "timeline.fold", { name });
  return (
    <li
      class={`lane-name is-${row.type}${chosen ? " is-chosen" : ""}`}
      data-lane={lane?.id}
      style={{ "--depth": String(row.depth) }}
    >
      {row.children > 0 && (
        <button
          type="button"
          class="fold"
          aria-expanded={!row.folded}
          aria-label={fold}
          title={fold}
          onClick={() => toggleFold(row.key)}
        >
          <Icon name="chevron" />
        </button>
      )}
      {(index !== undefined || row.children === 0) && (
        <span
          class="identity"
          style={
            index === undefined
              ? {}
              : { background: `var(--identity-${(index % IDENTITY_COLOURS) + 1})` }
          }
        />
      )}
      <span class="lane-text" title={lane ? `${t(`kind.${lane.kind}`)} ${name}` : name}>
        {name}
      </span>
      {row.folded && <span class="lane-count">{row.children}</span>}
    </li>
  );
}

/** Only the names on the screen exist: a run may have thousands of tasks. */
export function LaneNames() {
  const { first, last } = rowsOnScreen.value;
  return (
    <ul class="lane-names" style={{ paddingTop: `${first * ROW_HEIGHT}px` }}>
      {rows.value.slice(first, last).map((row) => (
        <LaneName key={row.key} row={row} />
      ))}
    </ul>
  );
}
