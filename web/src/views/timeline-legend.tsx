// SPDX-License-Identifier: MIT
// The states of this run, with the letters that stand for them in bars. Pressing one fades all
// others, with Shift one more stays.

import type { RunMetric } from "../api";
import { statesIn } from "../lib/columns";
import { byLegendOrder, isQuiet } from "../lib/states";
import { t } from "../state/preferences";
import { arrangement, singleOut } from "../state/arrangement";
import { isLive, opened } from "../state/opened";
import { overview, wasLive } from "../state/timeline";
import { StateSwatch } from "./state-swatch";
import { sharedStateWords } from "./timeline-words";

function hasSlowCallbacks(metrics: readonly RunMetric[]): boolean {
  return metrics.some(({ name, value }) => name === "loop_slow_callbacks" && (value ?? 0) > 0);
}

export function Legend() {
  const open = opened.value;
  if (open.status !== "ready") return null;
  const { states, items } = open.value.lanes;
  // Lanes of a run that goes on have no totals yet.
  const seen = isLive.value && overview.value ? statesIn(overview.value) : null;
  const used = states
    .flatMap((name, code) => {
      const occurs = seen?.has(code) || items.some((lane) => (lane.totals[name] ?? 0) > 0);
      return occurs && !isQuiet(name) ? [name] : [];
    })
    .sort(byLegendOrder);
  return (
    <div class={wasLive.value ? "state-legend is-growing" : "state-legend"} role="group" aria-label={t("timeline.legend")}>
      {used.map((name) => (
        <button
          key={name}
          type="button"
          class="state-button"
          aria-pressed={arrangement.value.only.includes(name)}
          title={t("timeline.legend.more")}
          onClick={(event) => singleOut(name, event.shiftKey)}
        >
          <StateSwatch state={name} hasLetter />
          {sharedStateWords(name, items)}
        </button>
      ))}
      {hasSlowCallbacks(open.value.metrics) && (
        <span class="legend-mark">
          <span class="tick-mark is-alarm" aria-hidden="true" />
          {t("instant.slow_callback")}
        </span>
      )}
    </div>
  );
}
