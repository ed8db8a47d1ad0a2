// SPDX-License-Identifier: MIT
// Grid: one experiment, its progress while it runs, and its cells compared by one metric.

import { useEffect, useRef, useState } from "preact/hooks";
import { type Experiment } from "../api";
import { formatDate } from "../lib/format";
import { prettyJson } from "../lib/json-pretty";
import { askRoute, runsRoute } from "../lib/route";
import {
  experimentName,
  metricInfo,
  metricMeaning,
  metrics,
  metricTitle,
} from "../state/catalogue";
import { defaultMetric, goalOf } from "../state/cells";
import {
  availableMetrics,
  experiment,
  isOver,
  progress,
  progressLeft,
  watchedShare,
  watchExperiment,
} from "../state/experiment";
import { advised, watchAdvice } from "../state/advice";
import { offerCommands } from "../state/commands";
import { locale, t } from "../state/preferences";
import { actionError, cancelRun, resumeRun } from "../state/queue";
import { changeGridView } from "../state/router";
import { AdviceGrounds, AdviceSection } from "./advice-section";
import { CellFindings } from "./cell-findings";
import { CellTable, SizesSwitch } from "./cell-table";
import { Failed, Loading, Notice, Status } from "./feedback";
import { GatesSection } from "./gates-section";
import { gridCommands } from "./grid-commands";
import { Icon } from "./icon";
import { leftWords } from "./left-words";
import { PythonSpeed } from "./python-speed";
import { reasonWords, Said } from "./said";
import { SaveButton, SaveProblem } from "./save-button";
import { ScalingSection } from "./scaling-section";
import { Select } from "./select";
import { SideBySideSection } from "./side-by-side-section";
import { SweepSection } from "./sweep-section";

function Progress({ value }: { value: Experiment }) {
  const total = value.cells.length;
  const told = progress.value;
  const done = Math.min(total, Math.max(value.cells_done, told?.cells_done ?? 0));
  const share = value.status === "done" ? 1 : watchedShare(value);
  const events = told?.events ?? 0;
  const words = t("experiment.progress.cells", { done, count: total });
  return (
    <section class="progress" aria-label={t("experiment.progress")}>
      <div
        class="progress-track"
        role="progressbar"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(100 * share)}
        aria-valuetext={words}
        aria-label={t("experiment.progress")}
      >
        <div
          class={share === 0 ? "progress-bar is-starting" : "progress-bar"}
          style={{ width: `${100 * share}%` }}
        />
      </div>
      <p class="progress-text">
        <span>{words}</span>
        {share > 0 && !isOver(value.status) && <span>{leftWords(progressLeft.value)}</span>}
        {events > 0 && <span>{t("experiment.progress.events", { count: events })}</span>}
      </p>
    </section>
  );
}

/** Why it ended early, what there is of it, and the way to go on. */
function EndedEarly({ value, goOn }: { value: Experiment; goOn(): Promise<void> }) {
  const [isAsked, setAsked] = useState(false);
  const reason = value.reason ?? "";
  const done = value.cells.filter(({ status }) => status !== "interrupted" && status !== "failed").length;
  return (
    <div class="ended-early" data-status={value.status}>
      <p>
        {reason === "cancelled" ? t("experiment.stopped") : reason && <Said words={reasonWords(reason)} />}{" "}
        <span class="is-muted">{t("experiment.kept", { done, count: value.cells.length })}</span>
      </p>
      <button
        type="button"
        class="button"
        aria-disabled={isAsked}
        onClick={() => {
          if (isAsked) return;
          setAsked(true);
          void goOn().then(() => setAsked(false));
        }}
      >
        <Icon name="play" />
        {t("experiment.goOn")}
      </button>
    </div>
  );
}

/** How far it is, or how it ended: in one place, so that nothing moves when it ends. */
function Course(props: { value: Experiment; isWatched: boolean; goOn(): Promise<void> }) {
  const { value, isWatched, goOn } = props;
  const isEarly = value.status === "interrupted" || value.status === "failed";
  if (!isEarly && !isWatched) return null;
  return <div class="course">{isEarly ? <EndedEarly value={value} goOn={goOn} /> : <Progress value={value} />}</div>;
}

/** Says how far the experiment is to those who cannot see the bar; not at every event. */
function Announcement({ value }: { value: Experiment }) {
  const words = isOver(value.status)
    ? t("experiment.finished", { status: t(`status.${value.status}`) })
    : t("experiment.progress.cells", { done: value.cells_done, count: value.cells.length });
  return (
    <p class="visually-hidden" role="status">
      {words}
    </p>
  );
}

function MetricPicker(props: { available: readonly string[]; metric: string }) {
  const info = metricInfo(props.metric);
  return (
    <div class="picker">
      <label class="picker-label" for="metric">
        {t("experiment.metric")}
      </label>
      <Select
        id="metric"
        value={props.metric}
        choices={props.available.map((name) => ({ value: name, text: metricTitle(name) }))}
        onChoose={(metric) => changeGridView({ metric })}
      />
      <span class="picker-note">{t(`experiment.metric.${info.better}`)}</span>
    </div>
  );
}

/** One in the place of the other, which is as wide as the wider one: no line begins when it ends. */
function StopOrSave({ value }: { value: Experiment }) {
  const over = isOver(value.status);
  return (
    <div class={over ? "action-place" : "action-place is-early"}>
      {!over && (
        <button type="button" class="button" onClick={() => void cancelRun(value.id)}>
          <Icon name="stop" />
          {t("experiment.stop")}
        </button>
      )}
      <SaveButton of={{ kind: "experiments", id: value.id }} />
    </div>
  );
}

function Head({ value }: { value: Experiment }) {
  return (
    <div class="page-head">
      <nav class="crumbs" aria-label={t("experiment.crumb")}>
        <a href={runsRoute}>{t("experiment.crumb")}</a>
      </nav>
      <div class="page-head-row">
        <h1 class="page-title">{experimentName(value.name)}</h1>
        <div class="page-actions">
          <a class="button" href={askRoute(null, value.id)}>
            <Icon name="again" />
            {t("experiment.again")}
          </a>
          <StopOrSave value={value} />
        </div>
      </div>
      <SaveProblem id={value.id} />
      <Notice error={actionError.value} />
      <p class="meta">
        <Status status={value.status} />
        <span>{formatDate(value.created_ms, locale.value)}</span>
        {value.engine_version && (
          <span>{t("experiment.engine", { version: value.engine_version })}</span>
        )}
      </p>
    </div>
  );
}

interface FoundProps {
  value: Experiment;
  metric: string | null;
  available: readonly string[];
  /** It is seen to grow: what comes has its place before. */
  isWatched: boolean;
}

/** Everything that the experiment says, from the advice down to its document. */
function Found({ value, metric, available, isWatched }: FoundProps) {
  const { cells, document } = value;
  return (
    <>
      <AdviceSection cells={cells} document={document} isWatched={isWatched} />
      <section aria-labelledby="grid-title">
        <div class="section-head">
          <h2 id="grid-title" class="section-title">
            {t("experiment.grid")}
          </h2>
          <SizesSwitch cells={cells} />
          {metric !== null && <MetricPicker available={available} metric={metric} />}
        </div>
        {metric !== null && (
          <p class="section-note">
            {metricMeaning(metric)} <PythonSpeed document={document} />
          </p>
        )}
        {metric === null && isOver(value.status) && (
          <p class="section-note">{t("experiment.metricNone")}</p>
        )}
        <CellTable cells={cells} document={document} metric={metric} isWatched={isWatched} />
      </section>
      <AdviceGrounds cells={cells} document={document} isWatched={isWatched} />
      <CellFindings
        experiment={value.id}
        cells={cells}
        document={document}
        isAwaited={isWatched && !isOver(value.status)}
      />
      <SideBySideSection cells={cells} document={document} metric={metric} />
      {metric !== null && <SweepSection cells={cells} document={document} metric={metric} />}
      <ScalingSection document={document} />
      <GatesSection gates={value.gates} cells={cells} document={document} />
      <details class="disclosure">
        <summary>{t("experiment.document")}</summary>
        <pre class="document">{prettyJson(document)}</pre>
      </details>
    </>
  );
}

export function ExperimentPage({ id, metric }: { id: string; metric: string | null }) {
  const [tries, setTries] = useState(0);
  useEffect(() => {
    metrics.ensure();
    return watchExperiment(id);
  }, [id, tries]);
  useEffect(() => offerCommands(gridCommands(id)), [id]);
  const state = experiment.value;
  const name = state.status === "ready" && state.value.id === id ? experimentName(state.value.name) : null;
  useEffect(() => {
    if (name !== null) document.title = `${name} - gilscope`;
  }, [name]);
  useEffect(() => watchAdvice(id), [id]);
  useEffect(() => () => (actionError.value = null), [id]);
  const over = state.status === "ready" && state.value.id === id && isOver(state.value.status);
  const watched = useRef<string | null>(null);
  if (state.status === "ready" && state.value.id === id && !over) watched.current = id;
  // The advice comes first on the page: what is below it waits, unless it was there before.
  const waits = over && watched.current !== id && advised.value !== id;
  if (state.status === "failed") {
    return (
      <div class="page">
        <Failed
          error={state.error}
          missing={t("experiment.missing", { id })}
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
      <div class="page">
        <Loading lines={8} />
      </div>
    );
  }
  const value = state.value;
  const available = availableMetrics.value;
  const wanted = metric !== null && available.includes(metric) ? metric : null;
  const isWatched = watched.current === id;
  const expected = isWatched && !over ? (goalOf(value.document) ?? "makespan_us") : null;
  const shown = wanted ?? defaultMetric(value.document, available) ?? expected;
  const choices = shown === null || available.includes(shown) ? available : [shown, ...available];
  const goOn = async (): Promise<void> => {
    if (!(await resumeRun(id))) return;
    setTries(tries + 1);
    window.document.getElementById("main")?.focus();
  };
  return (
    <div class="page">
      <Head value={value} />
      <Course value={value} isWatched={isWatched} goOn={goOn} />
      <Announcement value={value} />
      {waits ? (
        <Loading key="rest" lines={8} />
      ) : (
        <Found value={value} metric={shown} available={choices} isWatched={isWatched} />
      )}
    </div>
  );
}
