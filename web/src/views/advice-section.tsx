// SPDX-License-Identifier: MIT
// The answer on top of the page: whom to choose for the document's goal; and below the grid what
// it rests on: by how much, beside whom, and how far it is to be trusted.

import type { Cell, ExperimentAdvice, Recommendation, Recommended } from "../api";
import { formatBytes, formatDuration, formatMetric } from "../lib/format";
import { resolvePointer } from "../lib/json-scan";
import { parseLabel } from "../lib/label";
import { advice, advised, limits } from "../state/advice";
import { metricInfo, metricTitle } from "../state/catalogue";
import { goalOf, hasEnded, leaderOf } from "../state/cells";
import { modelName, strategyName } from "../state/names";
import { language, t } from "../state/preferences";
import { Line } from "./advice-line";
import { AdviceTable } from "./advice-table";
import { AdviceWhy, WhyAtPoints } from "./advice-why";
import { busyWords, chosenOf, intervalWords, lossOf, memoryWords, modelWords, nearWords, tieWords, valueWords } from "./advice-words";
import { Loading } from "./feedback";
import { Icon } from "./icon";
import { leftOutWords, Said } from "./said";

/* The heading of what the answer rests on, to which the answer leads. */
const WHY = "why-title";

/** What else there is to say of a cell, quietly. */
function Aside({ words }: { words: readonly (string | null)[] }) {
  const said = words.filter((each) => each !== null);
  return said.length > 0 ? <span class="is-muted">{` · ${said.join(" · ")}`}</span> : null;
}

type Who = "best" | "runner_up" | "first";

const LABELS = { best: "advice.best", runner_up: "advice.runnerUp", first: "advice.first" } as const;

/** A cell that was not chosen: how much worse it is, and what keeps it back. */
function Other({ item, who, goal }: { item: Recommendation; who: Who; goal: string }) {
  const one = item[who];
  if (!one) return null;
  return (
    <>
      {modelName(one)}: {valueWords(one, goal)}
      <Aside words={[lossOf(one, goal), nearWords(one), t(`advice.limit.${one.limit}`), busyWords(item, who), memoryWords(one)]} />
    </>
  );
}

/** "32: worse by 12 %, 600 MB": the same with another number of workers, which was run, too. */
function sizeWords(one: Recommended, goal: string): string {
  const words = [lossOf(one, goal) ?? t("advice.alike"), memoryWords(one)].filter((each) => each !== null);
  return t("advice.size", { size: parseLabel(one.strategy).count ?? 0, words: words.join(", ") });
}

/** How many jobs there are at a point of the sweep; null where they arrive. */
function jobsAt(document: unknown, point: Record<string, unknown>): number | null {
  const pointer = "/workload/jobs/count";
  const count = point[pointer] ?? resolvePointer(document, pointer);
  return typeof count === "number" ? count : null;
}

function Sizes({ item, goal, document }: { item: Recommendation; goal: string; document: unknown }) {
  const { best, smaller, larger, point } = item;
  const isOneForEach = (parseLabel(best.strategy).count ?? 0) >= (jobsAt(document, point) ?? Infinity);
  if (!smaller && !larger) return null;
  const words = [
    smaller ? sizeWords(smaller, goal) : t("advice.size.smallest"),
    larger ? sizeWords(larger, goal) : t(isOneForEach ? "advice.size.each" : "advice.size.largest"),
  ];
  return <Line label={t("advice.size.title")}>{words.join(" · ")}</Line>;
}

/** Nearly as good with far less memory, unless it has been named. */
function Leaner({ item, goal }: { item: Recommendation; goal: string }) {
  const { leaner, best, runner_up } = item;
  if (!leaner || leaner.cell === runner_up?.cell || leaner.memory_bytes === null || best.memory_bytes === null) return null;
  const bytes = (value: number): string => formatBytes(value, language.value);
  return (
    <Line label={t("advice.leaner")}>
      {t("advice.leaner.words", {
        name: modelName(leaner),
        memory: bytes(leaner.memory_bytes),
        instead: bytes(best.memory_bytes),
      })}
      <Aside words={[lossOf(leaner, goal) ?? t("advice.alike"), nearWords(leaner)]} />
    </Line>
  );
}

/** Between which values to expect it, and why; spread and error of the model apart; and what was
 * not measured. */
function Range({ one, goal }: { one: Recommended; goal: string }) {
  const { unit } = metricInfo(goal);
  return (
    <>
      {one.range_by !== null && (
        <Line label={t("advice.range")}>
          {intervalWords(one.range, unit)}
          <Aside words={[t(`advice.range.by.${one.range_by}`)]} />
        </Line>
      )}
      <Line label={t("advice.range.spread")}>{intervalWords(one.spread_95, unit)}</Line>
      <Line label={t("advice.range.model")}>{modelWords(one, goal)}</Line>
      {one.model.outside.length > 0 && (
        <Line label={t("advice.outside")}>
          {one.model.outside.map((word) => t(`advice.outside.${word}`)).join(" · ")}
        </Line>
      )}
    </>
  );
}

/** Cells beside the chosen one, each once: what is listed first as such, whatever else it is. */
function othersOf(item: Recommendation): Who[] {
  const { best, runner_up, first } = item;
  const chosen = chosenOf(item).cell;
  return [
    ...(best.cell !== chosen ? (["best"] as const) : []),
    ...(runner_up && ![chosen, best.cell, first.cell].includes(runner_up.cell) ? (["runner_up"] as const) : []),
    ...(first.cell !== chosen ? (["first"] as const) : []),
  ];
}

function Answer({ item, goal }: { item: Recommendation; goal: string }) {
  const chosen = chosenOf(item);
  const isBest = chosen.cell === item.best.cell;
  const tie = tieWords(item, goal);
  return (
    <div class="advice-item" data-verdict={item.verdict} data-tie={tie === null ? undefined : ""}>
      <p class="advice-sentence">
        <Icon name="check" />
        <span>
          {t(`advice.${item.verdict}`, {
            name: modelName(chosen),
            metric: metricTitle(goal),
            value: valueWords(chosen, goal),
          })}
          {tie !== null && `. ${tie}`}
          <Aside words={[t(`advice.limit.${chosen.limit}`), busyWords(item, isBest ? "best" : "first"), memoryWords(chosen)]} />
        </span>
      </p>
    </div>
  );
}

/** While cells go on: the best of the rows themselves, so that it never says anything else than they
 * do. What the server recommends is of the cells that had ended when it was asked. */
function SoFar({ cells, goal }: { cells: readonly Cell[]; goal: string }) {
  const best = leaderOf(cells, goal);
  if (!best) return null;
  const { [goal]: value, memory_peak_bytes: memory } = best.metrics ?? {};
  const limit = limits.value.get(best.id);
  return (
    <div class="advice-item" data-verdict="so-far">
      <p class="advice-sentence">
        <Icon name="check" />
        <span>
          {t("advice.soFar", {
            done: cells.filter(hasEnded).length,
            count: cells.length,
            name: modelName(best),
            metric: metricTitle(goal),
            value: value ? formatMetric(value.median, metricInfo(goal).unit, language.value) : "",
          })}
          <Aside
            words={[
              limit ? t(`advice.limit.${limit}`) : null,
              memory ? t("advice.memory", { memory: formatBytes(memory.median, language.value) }) : null,
            ]}
          />
        </span>
      </p>
    </div>
  );
}

interface BesideProps {
  item: Recommendation;
  goal: string;
  document: unknown;
  cells: readonly Cell[];
}

/** Why: what it rests on, what else there is to choose, and what to expect. */
function Beside({ item, goal, document, cells }: BesideProps) {
  const chosen = chosenOf(item);
  const isBest = chosen.cell === item.best.cell;
  return (
    <ul class="advice-others">
      <AdviceWhy cells={cells} one={chosen} goal={goal} document={document} />
      {othersOf(item).map((who) => (
        <Line key={who} label={t(LABELS[who])} {...(who === "first" ? { says: t("advice.first.title") } : {})}>
          <Other item={item} who={who} goal={goal} />
        </Line>
      ))}
      {isBest && strategyName(chosen.strategy) !== "" && <Sizes item={item} goal={goal} document={document} />}
      {isBest && <Leaner item={item} goal={goal} />}
      <Range one={chosen} goal={goal} />
    </ul>
  );
}

/** Of the first recommendation: what its error was taken from. */
function Nearest({ one }: { one: Recommended }) {
  if (one.model.nearest.length === 0) return null;
  const seconds = (value: number) => formatDuration(value * 1e9, language.value);
  return (
    <>
      <p>{t("advice.nearest")}:</p>
      <ul>
        {one.model.nearest.map((row) => (
          <li key={`${row.build} ${row.family} ${row.work} ${row.workers}`}>
            {t("advice.nearest.row", {
              strategy: strategyName((row.workers ?? 1) > 1 ? `${row.strategy}(${row.workers})` : row.strategy),
              build: row.build,
              work: row.work.replaceAll(" ", ", "),
              measured: seconds(row.measured_s),
              predicted: seconds(row.predicted_s),
            })}
          </li>
        ))}
      </ul>
    </>
  );
}

function Honesty({ value }: { value: ExperimentAdvice }) {
  const first = value.recommendations[0];
  return (
    <details class="advice-honesty">
      <summary>{t("advice.honesty")}</summary>
      <p>{t("advice.honesty.spread")}</p>
      <ul>
        {value.not_modelled.map((sentence) => (
          <li key={sentence}>
            <Said words={leftOutWords(sentence)} />
          </li>
        ))}
      </ul>
      {first !== undefined && <Nearest one={chosenOf(first)} />}
    </details>
  );
}

/** How many questions a grid asks: a recommendation is to come for each. */
function pointsOf(cells: readonly Cell[]): Record<string, unknown>[] {
  return [...new Map(cells.map(({ point }) => [JSON.stringify(point), point])).values()];
}

/** While somebody watches: those that will hardly change, because the cells of their point have
 * ended, and that know of all of them. What says something else a moment later makes the page jump,
 * and what knows less than the rows contradicts them. */
function settled({ complete, recommendations }: ExperimentAdvice, cells: readonly Cell[], goal: string): Recommendation[] {
  const goesOn = cells.filter(({ status }) => status === "pending" || status === "running");
  const open = new Set(goesOn.map(({ point }) => JSON.stringify(point)));
  const figures = new Map<string, number>();
  for (const { status, metrics, point } of cells) {
    const key = JSON.stringify(point);
    if (status === "done" && metrics?.[goal]) figures.set(key, (figures.get(key) ?? 0) + 1);
  }
  return recommendations.filter((item) => {
    const key = JSON.stringify(item.point);
    return !open.has(key) && (complete || item.cells >= (figures.get(key) ?? 0));
  });
}

/** Whether there is more to come: a cell goes on, or what is said is not of all that have ended. */
function isBehind(value: ExperimentAdvice | null, cells: readonly Cell[]): boolean {
  const goesOn = cells.some(({ status }) => status === "pending" || status === "running");
  const ended = cells.filter(({ status }) => status !== "interrupted").length;
  return goesOn || (value === null ? advised.value === null : value.cells_done < ended);
}

/** How final it is: of how many cells; while somebody watches it become so, always a line. */
function Standing(props: { done: number; of: number; isComplete: boolean; isWatched: boolean }) {
  const { done, of, isComplete, isWatched } = props;
  if (isComplete && !isWatched) return null;
  return (
    <p class={isComplete ? "section-note" : "section-note advice-preliminary"}>
      {isComplete ? t("advice.complete", { count: of }) : t("advice.preliminary", { done, count: of })}
    </p>
  );
}

/** Before the first cell has ended, in the place of what comes; after the last, if nothing came. */
function NoneYet({ isOver, isOne }: { isOver: boolean; isOne: boolean }) {
  return (
    <>
      <p class="section-note">{t(isOver ? "advice.none" : "advice.awaited")}</p>
      {!isOver && isOne && (
        <div class="advice-sentence is-awaited" aria-hidden="true">
          {Array.from({ length: 4 }, (_, index) => (
            <span key={index} class="loading-line" />
          ))}
        </div>
      )}
    </>
  );
}

interface AdviceProps {
  cells: readonly Cell[];
  document: unknown;
  isWatched: boolean;
}

export function AdviceSection({ cells, document, isWatched }: AdviceProps) {
  const value = advice.value;
  const goal = value?.goal ?? (isWatched ? goalOf(document) : null);
  // Without a goal there is nothing to come.
  if (goal === null) return null;
  const isAwaiting = isWatched && isBehind(value, cells);
  const known = value !== null && isWatched ? settled(value, cells, goal) : (value?.recommendations ?? []);
  const isThere = value !== null && value.recommendations.length > 0;
  if (!isThere && !isWatched) return null;
  const points = pointsOf(cells);
  // A cell for each point: there is nothing to choose between.
  const isAlone = isWatched
    ? points.length > 1 && points.length === cells.length
    : known.length > 1 && known.every(({ verdict }) => verdict === "alone");
  const isOne = isWatched ? points.length === 1 : known.length === 1;
  const only = isOne && !isAwaiting ? known[0] : undefined;
  const isSoFar = isAwaiting && (isOne ? leaderOf(cells, goal) !== null : isThere);
  return (
    <section class={isWatched ? "advice is-watched" : "advice"} aria-labelledby="advice-title">
      <div class="section-head">
        <h2 id="advice-title" class="section-title">
          {t("advice.title")}
        </h2>
        {isOne && (
          <button type="button" class="fact-link" onClick={() => window.document.getElementById(WHY)?.focus()}>
            {t("advice.why")}
          </button>
        )}
      </div>
      {isSoFar && <Standing done={cells.filter(hasEnded).length} of={cells.length} isComplete={false} isWatched />}
      {isThere && !isAwaiting && (
        <Standing done={value.cells_done} of={value.cells} isComplete={value.complete} isWatched={isWatched} />
      )}
      {!isSoFar && !(isThere && !isAwaiting) && <NoneYet isOver={!isAwaiting} isOne={isOne} />}
      {isAlone && <p class="section-note">{t("advice.nothing")}</p>}
      {isOne && isAwaiting && <SoFar cells={cells} goal={goal} />}
      {only && <Answer item={only} goal={goal} />}
      {!isAlone && !isOne && (
        <AdviceTable
          items={known}
          awaited={isAwaiting ? points : []}
          goal={goal}
          document={document}
        />
      )}
      {isThere && !isOne && !isAlone && (
        <WhyAtPoints cells={cells} items={known} goal={goal} document={document} />
      )}
      {isThere && !isOne && <Honesty value={value} />}
    </section>
  );
}

/** What the sentence on top rests on; it comes after what is compared. While cells go on, only as
 * long as it is about the cell that the sentence names. */
export function AdviceGrounds(props: { cells: readonly Cell[]; document: unknown; isWatched: boolean }) {
  const { cells, document, isWatched } = props;
  const value = advice.value;
  const goal = value?.goal ?? null;
  const item = value?.recommendations.length === 1 ? value.recommendations[0] : undefined;
  const isAwaited = isWatched && isBehind(value, cells);
  const isSame = goal !== null && item !== undefined && (!isAwaited || item.best.cell === leaderOf(cells, goal)?.id);
  const isThere = value !== null && goal !== null && item !== undefined && isSame;
  if (!isThere && (!isAwaited || goalOf(document) === null || pointsOf(cells).length > 1)) return null;
  return (
    <section class="advice-why" aria-labelledby={WHY}>
      <h2 id={WHY} class="section-title" tabIndex={-1}>
        {t("advice.why")}
      </h2>
      {isThere ? (
        <>
          <Standing done={value.cells_done} of={value.cells} isComplete={value.complete} isWatched={isAwaited} />
          <Beside item={item} goal={goal} document={document} cells={cells} />
          <Honesty value={value} />
        </>
      ) : (
        <Loading lines={5} />
      )}
    </section>
  );
}
