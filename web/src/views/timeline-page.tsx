// SPDX-License-Identifier: MIT
// Timeline: one run, from its headline figures down to the single span.

import { computed } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Cell, Experiment, Run, RunMetric } from "../api";
import type { MessageKey } from "../i18n/translate";
import { formatDuration, formatMetric, formatNumber } from "../lib/format";
import { isOnlyStatus } from "../lib/reasons";
import {
  experimentRoute,
  runsRoute,
  timelineRoute,
  type TimelineRoute,
  wholeRun,
} from "../lib/route";
import {
  experimentName,
  metricMeaning,
  metrics as metricTable,
  metricTitle,
} from "../state/catalogue";
import { goalOf, runToShow } from "../state/cells";
import { chosenCounter, counterName, followCounter } from "../state/counters";
import { arrangement } from "../state/arrangement";
import { offerCommands, toggleOverlay } from "../state/commands";
import { canUndo, undoView } from "../state/history";
import { cellName } from "../state/names";
import { notesKnown } from "../state/notes";
import { language, t } from "../state/preferences";
import { chooseRange, range } from "../state/range";
import { query, searchOpen } from "../state/search";
import { go, replaceRoute, route as routeNow, visits } from "../state/router";
import { isLive, opened } from "../state/opened";
import { awaited, followRoute, openRun, overviewKnown, selection } from "../state/timeline";
import { restingViewport, restsOnWhole, showAll, whole } from "../state/viewport";
import { CounterTable } from "./counter-table";
import { Explained } from "./explained";
import { Failed, Loading, Status } from "./feedback";
import { FindingsSection } from "./findings-section";
import { showStage } from "./focus-keeper";
import { SpanTable } from "./span-table";
import { SpeedupSection } from "./speedup-section";
import { Histograms } from "./histograms";
import { Icon } from "./icon";
import { NotesPanel } from "./notes-panel";
import { isReturning } from "./places";
import { leftOutWords, reasonWords, Said } from "./said";
import { SaveButton, SaveProblem } from "./save-button";
import { SearchBar } from "./search-bar";
import { type Choice, Select } from "./select";
import { TIMELINE, zoomBy } from "./stage-keys";
import { Drawer } from "./timeline-drawer";
import { Legend } from "./timeline-legend";
import { TimelineMaker } from "./timeline-maker";
import { Stage } from "./timeline-stage";
import { Totals } from "./timeline-totals";
import { ToolButton } from "./tool-button";

const BUTTON_ZOOM = 0.5;

/** Headline figures after the document's goal, in this order, as far as the run has them. */
const HEADLINES = [
  "makespan_us",
  "throughput_per_s",
  "latency_p50_us",
  "latency_p99_us",
  "core_utilisation",
  "gil_wait_share",
  "gil_forced_drops",
  "loop_lag_max_us",
];
const HEADLINES_SHOWN = 6;

/** The stage has all its rows and the notes are read: what is below stays where it is put. */
const isSettled = computed(() => overviewKnown.value && notesKnown.value);

/** Keeps the URL the view: window and selection, once they rest, or what is going to be selected. */
function RouteFollower({ run }: { run: string }) {
  const { from, to } = restingViewport.value;
  const chosen = selection.value;
  const sought = awaited.value;
  const counter = chosenCounter.value;
  const marked = range.value;
  const find = query.value;
  const arranged = arrangement.value;
  const all = restsOnWhole.value;
  useEffect(() => {
    const at = routeNow.peek();
    if (at.page !== "timeline" || at.run !== run) return;
    replaceRoute({
      ...wholeRun(run),
      ...(all ? {} : { from: Math.round(from), to: Math.round(to) }),
      ...(chosen ? { lane: chosen.lane, at: Math.floor((chosen.start + chosen.end) / 2) } : sought),
      ...(counter && {
        counter: { lane: counter.lane, name: counterName(counter.kind) },
        at: Math.floor(counter.at),
      }),
      range: marked,
      find,
      arrangement: arranged,
    });
  }, [run, from, to, all, chosen, sought, counter, marked, find, arranged]);
  return null;
}

function RunPicker(props: { id: string; says: MessageKey; value: string; choices: readonly Choice[] }) {
  return (
    <label class="picker" data-then={`#${props.id}`}>
      <span class="picker-label">{t(props.says)}</span>
      <Select id={props.id} value={props.value} choices={props.choices} onChoose={(id) => go(timelineRoute(id))} />
    </label>
  );
}

/** To another cell, and among the repetitions of this one. */
function Pickers({ run, experiment }: { run: Run; experiment: Experiment }) {
  const label = (cell: Cell): string => cellName(cell, experiment.document);
  const cells = experiment.cells.flatMap((cell) => {
    const shown = cell.id === run.cell ? run : runToShow(cell);
    return shown ? [{ value: shown.id, text: label(cell) }] : [];
  });
  const own = experiment.cells.find((cell) => cell.id === run.cell);
  const repetitions = (own?.runs ?? []).map(({ id, repetition }) => ({
    value: id,
    text: t("timeline.repetition", { n: repetition }),
  }));
  return (
    <div class="pickers">
      {cells.length < 2 ? (
        <p class="meta-cell">{own ? label(own) : ""}</p>
      ) : (
        <RunPicker id="cell" says="timeline.cell" value={run.id} choices={cells} />
      )}
      {repetitions.length > 1 && (
        <RunPicker id="repetition" says="timeline.repetitions" value={run.id} choices={repetitions} />
      )}
    </div>
  );
}

function Head({ run, experiment }: { run: Run; experiment: Experiment }) {
  const own = experiment.cells.find((cell) => cell.id === run.cell);
  const name = [experimentName(experiment.name), ...(own ? [cellName(own, experiment.document)] : [])].join(": ");
  useEffect(() => {
    document.title = `${name} - gilscope`;
  }, [name]);
  return (
    <div class="page-head is-tight">
      <nav class="crumbs" aria-label={t("nav.runs")}>
        <a href={runsRoute}>{t("nav.runs")}</a>
        <Icon name="chevron" />
        <a href={experimentRoute(experiment.id)}>{experimentName(experiment.name)}</a>
      </nav>
      <div class="page-head-row">
        <h1 class="page-title is-small">{t("timeline.label")}</h1>
        <Pickers run={run} experiment={experiment} />
      </div>
    </div>
  );
}

/** What it is called; what it means is asked of it. */
function MetricName({ name }: { name: string }) {
  return <Explained says={metricMeaning(name)}>{metricTitle(name)}</Explained>;
}

function Figures(props: { run: Run; items: readonly RunMetric[]; goal: string | null }) {
  const { run, items, goal } = props;
  const byName = new Map(items.map((item) => [item.name, item]));
  const order = new Set([...(goal === null ? [] : [goal]), ...HEADLINES]);
  const shown = [...order].flatMap((name) => {
    const item = byName.get(name);
    return item && item.value !== null ? [{ ...item, value: item.value }] : [];
  }).slice(0, HEADLINES_SHOWN);
  // Of a run that goes on they come at its end: their place is there before.
  const awaited = run.status === "running" ? [...order].slice(0, HEADLINES_SHOWN) : [];
  return (
    <dl class="figures">
      {shown.length === 0 &&
        awaited.map((name) => (
          <div key={name} class="figure">
            <dt>
              <MetricName name={name} />
            </dt>
            <dd>…</dd>
          </div>
        ))}
      {shown.map(({ name, unit, value }) => (
        <div key={name} class="figure">
          <dt>
            <MetricName name={name} />
          </dt>
          <dd>{formatMetric(value, unit, language.value)}</dd>
        </div>
      ))}
      <div class="figure">
        <dt>{t("timeline.events")}</dt>
        <dd>{run.status === "running" ? "…" : formatNumber(run.events, language.value)}</dd>
      </div>
    </dl>
  );
}

function Toolbar() {
  return (
    <div class="timeline-tools">
      <Legend />
      <div class="tool-group">
        <ToolButton
          icon="undo"
          label={t("timeline.undo")}
          disabled={!canUndo.value}
          act={undoView}
        />
        <ToolButton
          icon="search"
          label={t("search.title")}
          act={() => {
            searchOpen.value = !searchOpen.peek();
          }}
        />
        <ToolButton icon="plus" label={t("timeline.zoomIn")} act={() => zoomBy(BUTTON_ZOOM)} />
        <ToolButton
          icon="minus"
          label={t("timeline.zoomOut")}
          disabled={whole.value}
          act={() => zoomBy(1 / BUTTON_ZOOM)}
        />
        <ToolButton icon="fit" label={t("timeline.fit")} disabled={whole.value} act={showAll} />
        <ToolButton
          icon="help"
          label={t("key.sheet")}
          act={() => toggleOverlay("keys")}
        />
      </div>
    </div>
  );
}

function About({ run }: { run: Run }) {
  return (
    <section class="about">
      <dl class="fact-list">
        <div class="fact">
          <dt>{t("experiment.column.status")}</dt>
          <dd>
            <Status status={run.status} />
            {run.reason && !isOnlyStatus(run.status, run.reason) && <Said words={reasonWords(run.reason)} className="cell-reason" />}
          </dd>
        </div>
        <div class="fact">
          <dt>{t("timeline.duration")}</dt>
          <dd>{formatDuration(run.known_until ?? run.duration_ns, language.value, 4)}</dd>
        </div>
        {run.fingerprint && (
          <div class="fact">
            <dt>{t("timeline.fingerprint")}</dt>
            <dd>
              <code>{run.fingerprint}</code>
            </dd>
          </div>
        )}
      </dl>
      {run.has_timeline && <SaveButton of={{ kind: "runs", id: run.id }} />}
      <SaveProblem id={run.id} />
      {run.not_modelled.length > 0 && (
        <details class="disclosure">
          <summary>{t("timeline.notModelled")}</summary>
          <ul class="plain-list">
            {run.not_modelled.map((text) => (
              <li key={text}>
                <Said words={leftOutWords(text)} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

export function TimelinePage({ route }: { route: TimelineRoute }) {
  const [tries, setTries] = useState(0);
  useEffect(() => {
    metricTable.ensure();
    return openRun(route);
  }, [route.run, tries]);
  // The page writes the window into the URL; what somebody else writes there counts.
  const visit = visits.value;
  const opening = useRef(visit);
  useEffect(() => {
    followRoute(route);
    // Somebody further down on the page points at the stage.
    if (visit !== opening.current && !isReturning()) showStage();
  }, [visit]);
  const state = opened.value;
  const ready = state.status === "ready";
  const isSeen = ready && (state.value.run.has_timeline || isLive.value);
  useEffect(() => (isSeen ? offerCommands(TIMELINE) : undefined), [isSeen]);
  useEffect(() => {
    if (!ready) return;
    followCounter(route);
    chooseRange(route.range);
    query.value = route.find;
    if (route.find) searchOpen.value = true;
  }, [visit, ready]);
  if (state.status === "failed") {
    return (
      <div class="page">
        <Failed
          error={state.error}
          missing={t("timeline.missing", { id: route.run })}
          retry={() => setTries(tries + 1)}
        >
          <a class="button" href={runsRoute}>
            {t("experiment.allRuns")}
          </a>
        </Failed>
      </div>
    );
  }
  if (state.status !== "ready") {
    return (
      <div class="page is-wide">
        <Loading lines={10} />
      </div>
    );
  }
  const { run, experiment, metrics } = state.value;
  return (
    <div class="page is-wide">
      <Head run={run} experiment={experiment} />
      <Figures run={run} items={metrics} goal={goalOf(experiment.document)} />
      {isSeen ? (
        <>
          <RouteFollower run={run.id} />
          <Toolbar />
          <SearchBar />
          <Stage isMeant={route.lane !== null} />
          {isSettled.value && (
            <>
              <Drawer />
              <NotesPanel />
              <Totals />
              <SpanTable />
              <CounterTable />
            </>
          )}
        </>
      ) : (
        <TimelineMaker run={run} made={() => setTries(tries + 1)} />
      )}
      {(isSettled.value || !isSeen) && (
        <>
          <FindingsSection run={run} />
          <SpeedupSection run={run} />
          <Histograms />
          <About run={run} />
        </>
      )}
    </div>
  );
}
