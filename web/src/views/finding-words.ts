// SPDX-License-Identifier: MIT
// Findings in sentences of the reader's language, made from their rule and their numbers. A rule
// that this page does not know is told in the server's own words, which are English.

import type { Finding, FindingLane, FindingTrial } from "../api";
import { enFindings } from "../i18n/en-findings";
import { addEnglish, type Values, translateIfKnown } from "../i18n/translate";
import { formatDuration, formatMetric, formatNumber, formatShare } from "../lib/format";
import { metricInfo, metricTitle } from "../state/catalogue";
import { language, t } from "../state/preferences";
import { lanesById } from "../state/opened";
import type { Words } from "./said";
import { laneFullTitle, stateWords } from "./timeline-words";

addEnglish(enFindings);

/** Of the numbers with unit "ratio" these are no shares of a whole. */
const TIMES: ReadonlySet<string> = new Set(["pool-oversubscribed", "nested-parallelism"]);

type Counted =
  | "threads"
  | "waiters"
  | "cores"
  | "calls"
  | "times"
  | "sleeps"
  | "places"
  | "workers"
  | "updates"
  | "jobs";

/** What the numbers count. */
const COUNTED: Record<string, Counted> = {
  waiting_threads: "threads",
  threads: "threads",
  most_threads: "threads",
  cores: "cores",
  returns: "calls",
  waits: "times",
  preemptions: "times",
  sleeps: "sleeps",
  places: "places",
  workers: "workers",
  updates: "updates",
  arrived_per_s: "jobs",
};

function rounded(value: number): number {
  return Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(3));
}

function countWords(of: Counted, value: number): string {
  return t(`count.${of}`, { count: rounded(value) });
}

function valueWords(name: string, value: number | null): string {
  const locale = language.value;
  if (value === null) return t("finding.some");
  if (name.endsWith("_us")) return formatDuration(value * 1e3, locale);
  if (name.endsWith("_share") || name.endsWith("utilisation")) return formatShare(value, locale);
  const counted = COUNTED[name];
  return counted ? countWords(counted, value) : formatNumber(rounded(value), locale);
}

/** The number that fired, or the threshold, in its unit. */
export function findingFigure({ rule, unit }: Finding, value: number): string {
  const locale = language.value;
  return TIMES.has(rule) ? formatNumber(rounded(value), locale) : formatMetric(value, unit, locale);
}

function numberWords(finding: Finding): string {
  const { rule, number } = finding;
  if (rule === "lock-contended" || rule === "deadlock") return countWords("waiters", number);
  return findingFigure(finding, number);
}

export function findingLane(lane: FindingLane | null): string {
  if (!lane) return t("finding.nobody");
  return lanesById.value.has(lane.id) ? laneFullTitle(lane.id) : lane.name;
}

function valuesOf(finding: Finding, site: string | null): Values {
  const { proof, culprit, state, object, values } = finding;
  const numbers = Object.entries(values).map(([name, value]) => [name, valueWords(name, value)]);
  return {
    ...(Object.fromEntries(numbers) as Record<string, string>),
    number: numberWords(finding),
    lane: findingLane(proof.lane),
    culprit: findingLane(culprit),
    site: site ?? t("finding.noSite"),
    state: state === null ? t("finding.some") : stateWords(state, undefined),
    object: object ?? t("finding.someLock"),
    wait: formatDuration(proof.to - proof.from, language.value),
  };
}

/** What was found, in a sentence or two, in which its place is called `site`. */
export function findingWords(finding: Finding, site: string | null = finding.site): Words {
  const key = `finding.text.${finding.rule}`;
  const text = translateIfKnown(language.value, key, valuesOf(finding, site));
  if (text === null) return { text: finding.text, lang: "en" };
  // Where the run has no such number, nothing is claimed.
  return { text: text.replace(/\{\w+\}/g, t("finding.some")) };
}

/** What its number is, and why the threshold is where it is. */
export function thresholdWords({ rule, meaning, source }: Finding): Words {
  const of = (what: string): string | null => translateIfKnown(language.value, `finding.${what}.${rule}`);
  const [measures, why] = [of("measures"), of("source")];
  const isKnown = measures !== null && why !== null;
  const values = { measures: measures ?? meaning, source: why ?? source };
  return { text: t("finding.number.title", values), ...(isKnown ? {} : { lang: "en" }) };
}

/** What was tried against it. */
export function remedyWords({ remedy, text }: { remedy: string; text: string }): Words {
  const known = translateIfKnown(language.value, `finding.remedy.${remedy}`);
  return known === null ? { text, lang: "en" } : { text: known };
}

/* "27,522 %" says less than "276 times". */
const FACTOR_FROM = 2;

const rounded3 = (value: number): number => Number(value.toPrecision(3));

/** A metric with a change of the document and without it: "1.2 s instead of 1.5 s: 20 % better", or
 * how many times as long one is as the other; what is gone altogether is better by 100 %. */
export function changeWords(metric: string, trial: FindingTrial): string | null {
  const { before, after, ratio, gain } = trial;
  if (before === null || after === null) return null;
  const { unit } = metricInfo(metric);
  const [was, is] = [before, after].map((value) => formatMetric(value, unit, language.value));
  const values = { metric: metricTitle(metric), before: was ?? "", after: is ?? "" };
  const factor = ratio === null || ratio === 0 ? 1 : Math.max(ratio, 1 / ratio);
  if (factor < FACTOR_FROM) {
    const share = formatShare(Math.abs(gain ?? 0), language.value);
    return t((gain ?? 0) >= 0 ? "finding.gain" : "finding.loss", { ...values, gain: share });
  }
  const isMore = ratio !== null && ratio > 1;
  const how = unit === "us" ? (isMore ? "longer" : "shorter") : isMore ? "more" : "less";
  return t(`finding.times.${how}`, { ...values, count: rounded3(factor) });
}
