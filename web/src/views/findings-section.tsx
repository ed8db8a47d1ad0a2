// SPDX-License-Identifier: MIT
// What a run suffers from: the rule that spoke, the place that proves it, and the change that was
// tried against it with what it gained.

import { useEffect } from "preact/hooks";
import type { Finding, Findings, FindingTrial, Run, RunSummary } from "../api";
import { formatRoute, wholeRun } from "../lib/route";
import { changeError, findingsOf, forgetChange, runChanged } from "../state/findings";
import { t } from "../state/preferences";
import { siteName, type Written, writtenHere } from "../state/site-name";
import { Explained } from "./explained";
import { Failed, Loading, Notice } from "./feedback";
import { changeWords, findingFigure, findingLane, findingWords, remedyWords, thresholdWords } from "./finding-words";
import { Icon } from "./icon";
import { reasonWords, Said } from "./said";

type AnyRun = Pick<RunSummary, "id" | "has_timeline">;

/* As many of the findings of one run as are read beside those of others. */
const SHORT = 2;

/** The window around a proof, so that one sees what was before and after it. */
const MARGIN = 0.5;
function proofAddress(run: string, { proof }: Finding): string {
  const margin = Math.max(1, Math.round((proof.to - proof.from) * MARGIN));
  return formatRoute({
    ...wholeRun(run),
    from: Math.max(0, proof.from - margin),
    to: proof.to + margin,
    lane: proof.lane?.id ?? null,
    at: proof.lane ? Math.floor((proof.from + proof.to) / 2) : null,
  });
}

function Refusal({ reason }: { reason: string }) {
  const [before = "", after = ""] = t("finding.refused", { reason: "\n" }).split("\n");
  return (
    <>
      {before}
      <Said words={reasonWords(reason)} />
      {after}
    </>
  );
}

/** "Makespan 812 ms instead of 1.2 s: 32 % better". */
function GainWords({ metric, trial }: { metric: string | null; trial: FindingTrial }) {
  if (metric === null) return <>{t(trial.verdict === "gains" ? "finding.ends" : "finding.endsNot")}</>;
  return <>{changeWords(metric, trial)}</>;
}

function Advice({ run, finding }: { run: AnyRun; finding: Finding }) {
  const { advice } = finding;
  const words = advice && remedyWords(advice);
  if (!advice || !words) {
    return finding.tried.length > 0 ? <p class="is-muted">{t("finding.noAdvice")}</p> : null;
  }
  return (
    <div class="finding-advice">
      <p>
        <strong>
          <Said words={words} />
        </strong>{" "}
        <GainWords metric={finding.metric} trial={advice} />
      </p>
      <button
        type="button"
        id={`try-${run.id}-${finding.rule}`}
        class="button is-small"
        onClick={() => void runChanged(run.id, advice.patch)}
      >
        {t("finding.run")}
        <Icon name="chevron" />
      </button>
    </div>
  );
}

/** What it gained, or why it is out of the question. */
function Outcome(props: { finding: Finding; trial: FindingTrial; runs: number }) {
  const { finding, trial, runs } = props;
  if (trial.verdict === "refused") return <Refusal reason={trial.reason ?? ""} />;
  if (trial.unfinished > 0) {
    return <>{t("finding.unfinished", { count: trial.unfinished, runs })}</>;
  }
  return <GainWords metric={finding.metric} trial={trial} />;
}

function Tried({ finding, runs }: { finding: Finding; runs: number }) {
  const others = finding.tried.filter((trial) => trial.remedy !== finding.advice?.remedy);
  if (others.length === 0) return null;
  return (
    <details class="finding-tried">
      <summary>{t("finding.tried", { count: others.length })}</summary>
      <ul class="plain-list">
        {others.map((trial) => (
          <li key={trial.remedy}>
            <Said words={remedyWords(trial)} /> <Outcome finding={finding} trial={trial} runs={runs} />
          </li>
        ))}
      </ul>
    </details>
  );
}

/** The sentence, in which the step is called by name; the name says where it stands. */
function Sentence({ finding, written }: { finding: Finding; written: Written }) {
  const { site } = finding;
  const { text, lang } = findingWords(finding, site === null ? null : "\n");
  const [before = "", after] = text.split("\n");
  return (
    <p {...(lang ? { lang } : {})}>
      {before}
      {site !== null && after !== undefined && (
        <Explained className="site-name" says={site}>
          {siteName(written, site)}
        </Explained>
      )}
      {after}
    </p>
  );
}

interface ItemProps {
  run: AnyRun;
  finding: Finding;
  runs: number;
  written: Written;
}

function Item({ run, finding, runs, written }: ItemProps) {
  const shown = finding.proof.to > finding.proof.from && run.has_timeline;
  return (
    <li class="finding" data-rule={finding.rule}>
      <div class="finding-head">
        <h3 class="finding-title">{t(`finding.rule.${finding.rule}` as "finding.title")}</h3>
        <Explained className="is-muted" says={thresholdWords(finding)}>
          {t("finding.number", {
            number: findingFigure(finding, finding.number),
            threshold: findingFigure(finding, finding.threshold),
          })}
        </Explained>
        {shown && (
          <a class="button is-small" href={proofAddress(run.id, finding)}>
            {t("finding.show")}
          </a>
        )}
      </div>
      <Sentence finding={finding} written={written} />
      {finding.cycle.length > 0 && (
        <p>{finding.cycle.map(({ waiter }) => findingLane(waiter)).join(" → ")} →</p>
      )}
      <Advice run={run} finding={finding} />
      <Tried finding={finding} runs={runs} />
    </li>
  );
}

/** What a run suffers from, worst first; beside other runs the rest is folded. */
export function FindingList(props: { run: AnyRun; found: Findings; written: Written; isShort?: boolean }) {
  const { run, found, written, isShort } = props;
  if (found.items.length === 0) return <p>{t("finding.none")}</p>;
  const list = (items: readonly Finding[]) => (
    <ul class="finding-list">
      {items.map((finding) => (
        <Item key={finding.rule} run={run} finding={finding} runs={found.repetitions} written={written} />
      ))}
    </ul>
  );
  const shown = isShort ? found.items.slice(0, SHORT) : found.items;
  const rest = found.items.slice(shown.length);
  return (
    <>
      {list(shown)}
      {rest.length > 0 && (
        <details class="disclosure">
          <summary>{t("finding.more", { count: rest.length })}</summary>
          {list(rest)}
        </details>
      )}
    </>
  );
}

export function FindingsSection({ run }: { run: Run }) {
  useEffect(() => forgetChange, [run.id]);
  const made = findingsOf(run.experiment, run.id);
  const state = made.state.value;
  const ended = run.status === "done" || run.status === "limited" || run.status === "failed";
  if (!ended) return null;
  return (
    <section class="findings" aria-labelledby="findings-title">
      <div class="section-head">
        <h2 id="findings-title" class="section-title">
          {t("finding.title")}
        </h2>
        {state.status === "idle" && (
          <button type="button" class="button" onClick={() => made.ask(run.id)}>
            {t("finding.ask")}
          </button>
        )}
      </div>
      {state.status === "idle" && <p class="section-note">{t("finding.note")}</p>}
      {state.status === "loading" && (
        <>
          <p class="section-note" role="status">
            {t("finding.making")}
          </p>
          <Loading lines={3} />
        </>
      )}
      {state.status === "failed" && <Failed error={state.error} retry={() => made.ask(run.id)} />}
      <Notice error={changeError.value} />
      {state.status === "ready" && <FindingList run={run} found={state.value} written={writtenHere()} />}
    </section>
  );
}
