// SPDX-License-Identifier: MIT
// What the cells that matter suffer from: the recommended one, the next best and the starting
// point, each as a card of findings that lead to the timeline, to the place that proves them.

import { useEffect } from "preact/hooks";
import type { Cell, Recommended, RunSummary } from "../api";
import { advice } from "../state/advice";
import { changeError, costs, findingsOf, forgetChange, readCost } from "../state/findings";
import { goalOf } from "../state/cells";
import { modelName, pointWords } from "../state/names";
import { t } from "../state/preferences";
import type { Written } from "../state/site-name";
import { chosenOf, valueWords } from "./advice-words";
import { Failed, Loading, Notice } from "./feedback";
import { FindingList } from "./findings-section";
import { useNear } from "./use-near";

interface Card {
  /** Null where there is nothing to choose between. */
  label: "advice.chosen" | "advice.best" | "advice.runnerUp" | "advice.first" | null;
  one: Recommended;
  run: RunSummary;
}

/** Each cell once; at the last point of a sweep, where there is most to be seen. */
function cardsOf(cells: readonly Cell[]): { cards: Card[]; point: Record<string, unknown> } {
  const all = advice.value?.recommendations ?? [];
  const item = all[all.length - 1];
  if (!item) return { cards: [], point: {} };
  const seen = new Set<string>();
  const named = [
    { label: item.verdict === "alone" ? null : ("advice.chosen" as const), one: chosenOf(item) },
    { label: "advice.best" as const, one: item.best },
    { label: "advice.runnerUp" as const, one: item.runner_up },
    { label: "advice.first" as const, one: item.first },
  ];
  const cards = named.flatMap(({ label, one }) => {
    const runs = cells.find(({ id }) => id === one?.cell)?.runs ?? [];
    const run = runs.find(({ has_timeline }) => has_timeline) ?? runs[0];
    if (!one || !run || seen.has(one.cell)) return [];
    seen.add(one.cell);
    return [{ label, one, run }];
  });
  return { cards, point: item.point };
}

function CardOf(props: { experiment: string; card: Card; goal: string; written: Written }) {
  const { experiment, card, goal, written } = props;
  const { label, one, run } = card;
  const made = findingsOf(experiment, run.id);
  const [place, near] = useNear<HTMLElement>();
  const cost = costs.value.get(run.id);
  const state = made.state.value;
  const isIdle = state.status === "idle";
  useEffect(() => void readCost(run.id), [run.id]);
  useEffect(() => {
    if (near && isIdle && cost === "little") made.ask(run.id);
  }, [near, isIdle, cost, run.id]);
  const isOffered = isIdle && cost === "much";
  return (
    <section ref={place} class="found" aria-label={modelName(one)} data-state={isOffered ? "offered" : state.status}>
      <div class="found-head">
        {label && <span class="advice-label">{t(label)}</span>}
        <h3 class="found-title">{modelName(one)}</h3>
        <span class="is-muted">{valueWords(one, goal)}</span>
      </div>
      {isOffered && (
        <div class="found-ask">
          <p>{t("finding.note")}</p>
          <button type="button" class="button" onClick={() => made.ask(run.id)}>
            {t("finding.ask")}
          </button>
        </div>
      )}
      {(state.status === "loading" || (isIdle && !isOffered)) && <Loading lines={10} />}
      {state.status === "failed" && <Failed error={state.error} retry={() => made.ask(run.id)} />}
      {state.status === "ready" && <FindingList run={run} found={state.value} written={written} isShort />}
    </section>
  );
}

/** In the place of what comes when all cells have ended. */
function Awaited() {
  return (
    <section aria-labelledby="found-title">
      <h2 id="found-title" class="section-title">
        {t("finding.title")}
      </h2>
      <p class="section-note">{t("finding.cells.awaited")}</p>
      <div class="found-cards">
        <div class="found" data-state="awaited">
          <Loading lines={10} />
        </div>
      </div>
    </section>
  );
}

interface CellFindingsProps {
  experiment: string;
  cells: readonly Cell[];
  document: unknown;
  isAwaited: boolean;
}

export function CellFindings({ experiment, cells, document, isAwaited }: CellFindingsProps) {
  const goal = advice.value?.goal ?? null;
  const { cards, point } = cardsOf(cells);
  useEffect(() => forgetChange, []);
  if (goal === null || advice.value?.complete !== true || cards.length === 0) {
    return isAwaited && goalOf(document) !== null ? <Awaited /> : null;
  }
  const where = pointWords(point, document).join(" · ");
  return (
    <section aria-labelledby="found-title">
      <h2 id="found-title" class="section-title">
        {t("finding.title")}
      </h2>
      <p class="section-note">
        {[where, t("finding.cells.note")].filter(Boolean).join(": ")}
      </p>
      <Notice error={changeError.value} />
      <div class="found-cards">
        {cards.map((card) => (
          <CardOf
            key={card.one.cell}
            experiment={experiment}
            card={card}
            goal={goal}
            written={{ document, point }}
          />
        ))}
      </div>
    </section>
  );
}
