// SPDX-License-Identifier: MIT
// What the cells that matter suffer from: the recommended one, the next best and the starting
// point, each as a card of findings that lead to the timeline, to the place that proves them.

import { useEffect } from "preact/hooks";
import type { Cell, Recommended, RunSummary } from "../api";
import { advice } from "../state/advice";
import { askIfCheap, changeError, findingsOf, forgetChange } from "../state/findings";
import { modelName, pointWords } from "../state/names";
import { t } from "../state/preferences";
import type { Written } from "../state/site-name";
import { chosenOf, valueWords } from "./advice-words";
import { Failed, Loading } from "./feedback";
import { FindingList } from "./findings-section";
import { ErrorText } from "./said";
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
  useEffect(() => {
    if (near) void askIfCheap(made, run.id);
  }, [near, run.id]);
  const state = made.state.value;
  return (
    <section ref={place} class="found" aria-label={modelName(one)} data-state={state.status}>
      <div class="found-head">
        {label && <span class="advice-label">{t(label)}</span>}
        <h3 class="found-title">{modelName(one)}</h3>
        <span class="is-muted">{valueWords(one, goal)}</span>
      </div>
      {state.status === "idle" && (
        <button type="button" class="button is-small" onClick={() => made.ask(run.id)}>
          {t("finding.ask")}
        </button>
      )}
      {state.status === "loading" && <Loading lines={3} />}
      {state.status === "failed" && <Failed error={state.error} />}
      {state.status === "ready" && <FindingList run={run} found={state.value} written={written} isShort />}
    </section>
  );
}

export function CellFindings(props: { experiment: string; cells: readonly Cell[]; document: unknown }) {
  const { experiment, cells, document } = props;
  const goal = advice.value?.goal ?? null;
  const { cards, point } = cardsOf(cells);
  useEffect(() => forgetChange, []);
  if (goal === null || advice.value?.complete !== true || cards.length === 0) return null;
  const where = pointWords(point, document).join(" · ");
  return (
    <section aria-labelledby="found-title">
      <h2 id="found-title" class="section-title">
        {t("finding.title")}
      </h2>
      <p class="section-note">
        {[where, t("finding.cells.note")].filter(Boolean).join(": ")}
      </p>
      {changeError.value && (
        <p class="notice is-error" role="alert">
          <ErrorText error={changeError.value} />
        </p>
      )}
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
