// SPDX-License-Identifier: MIT
// What can be done with an experiment, for the palette: its timelines and metrics by name.

import { askRoute, timelineRoute } from "../lib/route";
import { metricTitle } from "../state/catalogue";
import type { PageCommands, Target } from "../state/commands";
import { availableMetrics, experiment } from "../state/experiment";
import { cellName } from "../state/names";
import { t } from "../state/preferences";
import { saveFile } from "../state/result-file";
import { changeGridView, go } from "../state/router";

function timelines(): Target[] {
  const state = experiment.value;
  if (state.status !== "ready") return [];
  const { cells, document } = state.value;
  return cells.flatMap((cell) => {
    const run = (cell.runs ?? []).find(({ has_timeline }) => has_timeline);
    if (!run) return [];
    const text = t("palette.timeline", { cell: cellName(cell, document) });
    return [{ key: `run-${run.id}`, text, act: () => go(timelineRoute(run.id)) }];
  });
}

function shownMetrics(): Target[] {
  return availableMetrics.value.map((metric) => ({
    key: `metric-${metric}`,
    text: t("palette.metric", { metric: metricTitle(metric) }),
    act: () => changeGridView({ metric }),
  }));
}

export function gridCommands(id: string): PageCommands {
  return {
    commands: [
      { keys: [], shown: [], says: "experiment.again", act: () => go(askRoute(null, id)) },
      { keys: [], shown: [], says: "file.save", act: () => void saveFile({ kind: "experiments", id }) },
    ],
    targets: { says: "palette.grid", list: () => [...timelines(), ...shownMetrics()] },
  };
}
