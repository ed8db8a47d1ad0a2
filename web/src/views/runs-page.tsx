// SPDX-License-Identifier: MIT
// Runs: every stored experiment, what runs and waits now, and the room that all of it takes.

import { useEffect } from "preact/hooks";
import { formatBytes, formatNumber } from "../lib/format";
import { ALL_RUNS, askRoute, RUN_ORDERS, type RunsQuery } from "../lib/route";
import { language, t } from "../state/preferences";
import { offerCommands, type PageCommands } from "../state/commands";
import { actionError, queue, queueKnown, watchQueue } from "../state/queue";
import { isPast } from "../state/reach";
import { removalError, removals } from "../state/removal";
import { replaceRoute } from "../state/router";
import {
  isFiltered,
  loadingMore,
  newRuns,
  readMoreRuns,
  reloadRuns,
  runList,
  runsQuery,
  runsStale,
  showNewRuns,
  showRuns,
  shownRuns,
} from "../state/runs";
import { readSizeAgain, store, wantSizes } from "../state/storage";
import { Empty, Failed, Loading, Notice } from "./feedback";
import { rowAfter } from "./focus-keeper";
import { Icon } from "./icon";
import { QueuePanel } from "./queue-panel";
import { RunRow } from "./run-row";
import { RunsFilter } from "./runs-filter";
import { ErrorText } from "./said";
import { ScrollFrame } from "./scroll-frame";

/* The room of what was removed comes free in the background. */
const FREED_MS = 1500;

const COMMANDS: PageCommands = {
  commands: [
    {
      keys: ["/"],
      shown: ["/"],
      says: "key.runs.search",
      act: () => document.querySelector<HTMLElement>(".runs-search input")?.focus(),
    },
    ...RUN_ORDERS.map((order) => ({
      keys: [],
      shown: [],
      says: `runs.order.${order}` as const,
      act: () => replaceRoute({ page: "runs", ...runsQuery.peek(), order }),
    })),
    {
      keys: [],
      shown: [],
      says: "runs.none.action",
      act: () => replaceRoute({ page: "runs", ...ALL_RUNS, order: runsQuery.peek().order }),
    },
  ],
};

function NoMatch() {
  return (
    <Empty title={t("runs.none.title")} text={t("runs.none.text")}>
      <button
        type="button"
        class="button"
        onClick={() => replaceRoute({ page: "runs", ...ALL_RUNS, order: runsQuery.peek().order })}
      >
        {t("runs.none.action")}
      </button>
    </Empty>
  );
}

function NothingYet() {
  return (
    <Empty title={t("runs.empty.title")} text={t("runs.empty.text")}>
      <a class="button is-primary" href={askRoute()}>
        {t("runs.empty.action")}
      </a>
    </Empty>
  );
}

function Table() {
  const items = shownRuns.value;
  return (
    <ScrollFrame label={t("runs.title")} isBusy={runsStale.value}>
      <table class="table is-stacking runs-table">
        <caption class="visually-hidden">{t("runs.title")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("runs.column.name")}</th>
            <th scope="col">{t("runs.column.status")}</th>
            <th scope="col" class="is-number">
              {t("runs.column.cells")}
            </th>
            <th scope="col" class="is-number">
              {t("runs.column.size")}
            </th>
            <th scope="col">{t("runs.column.created")}</th>
            <th scope="col">
              <span class="visually-hidden">{t("runs.column.actions")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <RunRow key={item.id} item={item} />
          ))}
        </tbody>
      </table>
    </ScrollFrame>
  );
}

function More() {
  const state = runList.value;
  if (state.status !== "ready" || state.value.next === null) return null;
  const { length } = shownRuns.value;
  return (
    <p class="runs-more">
      <button
        type="button"
        class="button"
        data-then={rowAfter(".runs-table tbody tr", length)}
        aria-disabled={loadingMore.value}
        onClick={() => void readMoreRuns()}
      >
        {t("runs.more")}
      </button>
      <span class="is-muted">{t("runs.shown", { count: formatNumber(length, language.value) })}</span>
    </p>
  );
}

/** Over the edge of the table, so that it moves nothing either. */
function NewOnes() {
  const count = newRuns.value;
  return (
    <div class="runs-new" role="status">
      {count > 0 && (
        <button type="button" class="button is-small" onClick={showNewRuns}>
          <Icon name="up" />
          {t("runs.new", { count })}
        </button>
      )}
    </div>
  );
}

function List() {
  const state = runList.value;
  const items = shownRuns.value;
  useEffect(() => wantSizes(items.map(({ id }) => id)), [items]);
  if (state.status === "failed") return <Failed error={state.error} retry={reloadRuns} />;
  if (state.status !== "ready") return <Loading lines={6} />;
  if (items.length === 0 && state.value.next === null) {
    return isFiltered(runsQuery.value) ? <NoMatch /> : <NothingYet />;
  }
  return (
    <>
      <div class="runs-list">
        <NewOnes />
        <Table />
      </div>
      <More />
    </>
  );
}

function Errors() {
  const removal = removalError.value;
  return (
    <>
      {removal && !isPast(removal.error) && (
        <p class="notice is-error" role="alert">
          <span>
            {t("removal.failed", { name: removal.name })} <ErrorText error={removal.error} />
          </span>
        </p>
      )}
      <Notice error={actionError.value} />
    </>
  );
}

function Room() {
  const room = store.value;
  if (!room) return <p class="runs-room" aria-hidden="true">&nbsp;</p>;
  const bytes = formatBytes(room.bytes, language.value);
  const free = formatBytes(room.free_bytes, language.value);
  return (
    <p class="runs-room">
      {t("runs.room", { bytes })}
      {room.free_bytes > 0 && <span class="is-muted"> {t("runs.room.free", { free })}</span>}
    </p>
  );
}

export function RunsPage({ query }: { query: RunsQuery }) {
  const wanted = JSON.stringify([query.name, query.statuses, query.order]);
  useEffect(() => showRuns(query), [wanted]);
  useEffect(() => watchQueue(), []);
  useEffect(() => offerCommands(COMMANDS), []);
  const freed = removals.value;
  useEffect(() => {
    readSizeAgain();
    const timer = window.setTimeout(readSizeAgain, FREED_MS);
    return () => window.clearTimeout(timer);
  }, [freed]);
  const isEmpty =
    runList.value.status === "ready" && shownRuns.value.length === 0 && !isFiltered(query);
  return (
    <div class="page">
      <div class="page-head runs-head">
        <div>
          <h1 class="page-title">{t("runs.title")}</h1>
          <p class="page-lead">{t("runs.lead")}</p>
        </div>
        <Room />
      </div>
      <Errors />
      {/* The queue is above it and pushes nothing away when it comes. */}
      {queueKnown.value ? (
        <>
          {(!isEmpty || queue.value.length > 0) && <QueuePanel />}
          {!isEmpty && <RunsFilter query={query} />}
          <List />
        </>
      ) : (
        <Loading lines={6} />
      )}
    </div>
  );
}
