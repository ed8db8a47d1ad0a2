// SPDX-License-Identifier: MIT
// Runs: every stored experiment, newest first.

import { useEffect } from "preact/hooks";
import type { ExperimentSummary } from "../api";
import { formatDate } from "../lib/format";
import { askRoute, experimentRoute } from "../lib/route";
import { experimentName } from "../state/catalogue";
import { language, t } from "../state/preferences";
import { loadingMore, readMoreRuns, reloadRuns, runList, watchRuns } from "../state/runs";
import { Empty, Failed, Loading, Status } from "./feedback";

function RunRow({ item }: { item: ExperimentSummary }) {
  return (
    <tr>
      <td class="cell-main">
        <a class="row-link" href={experimentRoute(item.id)}>
          {experimentName(item.name)}
        </a>
      </td>
      <td data-label={t("runs.column.status")}>
        <Status status={item.status} />
      </td>
      <td class="is-number" data-label={t("runs.column.cells")}>
        {item.cells_done}/{item.cells}
      </td>
      <td data-label={t("runs.column.created")}>
        <time dateTime={new Date(item.created_ms).toISOString()}>
          {formatDate(item.created_ms, language.value)}
        </time>
      </td>
    </tr>
  );
}

function RunTable() {
  const state = runList.value;
  if (state.status === "failed") return <Failed error={state.error} retry={reloadRuns} />;
  if (state.status !== "ready") return <Loading lines={6} />;
  const { items, next } = state.value;
  if (items.length === 0) {
    return (
      <Empty title={t("runs.empty.title")} text={t("runs.empty.text")}>
        <a class="button is-primary" href={askRoute()}>
          {t("runs.empty.action")}
        </a>
      </Empty>
    );
  }
  return (
    <>
      <div class="table-frame">
        <table class="table is-stacking">
          <thead>
            <tr>
              <th scope="col">{t("runs.column.name")}</th>
              <th scope="col">{t("runs.column.status")}</th>
              <th scope="col" class="is-number">
                {t("runs.column.cells")}
              </th>
              <th scope="col">{t("runs.column.created")}</th>
            </tr>
          </thead>
          <tbody>
            {items.map((item) => (
              <RunRow key={item.id} item={item} />
            ))}
          </tbody>
        </table>
      </div>
      {next !== null && (
        <button
          type="button"
          class="button"
          disabled={loadingMore.value}
          onClick={() => void readMoreRuns()}
        >
          {t("runs.more")}
        </button>
      )}
    </>
  );
}

export function RunsPage() {
  useEffect(() => watchRuns(), []);
  return (
    <div class="page">
      <div class="page-head">
        <h1 class="page-title">{t("runs.title")}</h1>
        <p class="page-lead">{t("runs.lead")}</p>
      </div>
      <RunTable />
    </div>
  );
}
