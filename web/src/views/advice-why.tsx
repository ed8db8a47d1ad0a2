// SPDX-License-Identifier: MIT
// Why the recommended cell: what Python code does under its GILs, what overlaps meanwhile, and what
// it takes in return, each with the figures of the cells that were run.

import { useMemo, useState } from "preact/hooks";
import type { Cell, Recommendation, Recommended } from "../api";
import { formatBytes, formatDuration, formatMetric, formatShare } from "../lib/format";
import { median, type OneGil, type Why, whyOf } from "../lib/why";
import { metricInfo, metricTitle } from "../state/catalogue";
import { rankOf } from "../state/cells";
import { modelName, pointWords } from "../state/names";
import { language, t } from "../state/preferences";
import { Line } from "./advice-line";
import { chosenOf } from "./advice-words";

const time = (us: number): string => formatDuration(us * 1e3, language.value);
const share = (of: number): string => formatShare(of, language.value);
const rounded = (count: number, digits: number): number => Number(count.toPrecision(digits));

/** "Makespan 2.48 s". */
function goalOf(cell: Cell, goal: string): string {
  const value = median(cell, goal);
  const words = value === null ? "" : formatMetric(value, metricInfo(goal).unit, language.value);
  return t("name.fieldValue", { field: metricTitle(goal), value: words });
}

/** What one GIL comes to: a bound where it is held all the time. */
function oneGilWords({ cell, python_us, held, isFull }: OneGil<Cell>, goal: string): string {
  const result = goalOf(cell, goal);
  const words = t("advice.why.oneGil", { name: modelName(cell), held: share(held), result });
  return isFull ? `${t("advice.why.total", { python: time(python_us) })} ${words}` : words;
}

/** Under how many GILs the chosen one runs Python. */
function gilWords({ gils, parallel, cores }: Why<Cell>): string {
  const at = t("advice.why.parallel", { count: rounded(parallel, 2) });
  const words = cores === null ? at : t("advice.why.onCores", { words: at, count: cores });
  if (gils.kind === "one") return t("advice.why.itsGil", { held: share(gils.held) });
  if (gils.kind === "none") return t("advice.why.noGil", { words });
  return t(`advice.why.${gils.of}`, { count: gils.count, words });
}

function waitingWords({ underWay, oneByOne }: Why<Cell>, goal: string): string | null {
  if (underWay === null) return null;
  const words = t("advice.why.underWay", { count: rounded(underWay, 3) });
  const other = oneByOne && { words, name: modelName(oneByOne), result: goalOf(oneByOne, goal) };
  return other ? t("advice.why.oneByOne", other) : `${words}.`;
}

/** What it takes, beside the best one with one GIL; null where either is not known. */
function costWords(chosen: Cell, { oneGil }: Why<Cell>): string | null {
  if (!oneGil) return null;
  const [memory, cpu] = [median(chosen, "memory_peak_bytes"), median(chosen, "cpu_us")];
  const [otherMemory, otherCpu] = [median(oneGil.cell, "memory_peak_bytes"), median(oneGil.cell, "cpu_us")];
  if (memory === null || cpu === null || otherMemory === null || otherCpu === null) return null;
  return t("advice.why.cost.words", {
    memory: formatBytes(memory, language.value),
    otherMemory: formatBytes(otherMemory, language.value),
    cpu: time(cpu),
    otherCpu: time(otherCpu),
    name: modelName(oneGil.cell),
  });
}

/** What of its core time is not the jobs themselves; null where that is next to nothing. */
function overheadWords({ overhead }: Why<Cell>): string | null {
  if (!overhead) return null;
  return t("advice.why.overhead", {
    extra: time(overhead.us),
    share: share(overhead.share),
    name: modelName(overhead.bare),
    cpu: time(median(overhead.bare, "cpu_us") ?? 0),
  });
}

interface WhyProps {
  cells: readonly Cell[];
  one: Recommended;
  goal: string;
  document: unknown;
}

function cellsByPoint(cells: readonly Cell[]): ReadonlyMap<string, readonly Cell[]> {
  const at = new Map<string, Cell[]>();
  for (const cell of cells) {
    const key = JSON.stringify(cell.point);
    const found = at.get(key);
    if (found) found.push(cell);
    else at.set(key, [cell]);
  }
  return at;
}

/** The same for every point of a sweep, when somebody opens it. */
export function WhyAtPoints(props: Omit<WhyProps, "one"> & { items: readonly Recommendation[] }) {
  const { cells, items, goal, document } = props;
  const [isOpen, setOpen] = useState(false);
  const at = useMemo(() => cellsByPoint(isOpen ? cells : []), [isOpen, cells]);
  return (
    <details class="disclosure advice-points" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{t("advice.why.points")}</summary>
      {isOpen &&
        items.map((item) => {
          const key = JSON.stringify(item.point);
          return (
            <div key={key} class="advice-point">
              <h3 class="facts-title">{pointWords(item.point, document).join(", ")}</h3>
              <ul class="advice-others">
                <Line label={t("advice.chosen")}>{modelName(chosenOf(item))}</Line>
                <AdviceWhy cells={at.get(key) ?? []} one={chosenOf(item)} goal={goal} document={document} />
              </ul>
            </div>
          );
        })}
    </details>
  );
}

export function AdviceWhy({ cells, one, goal, document }: WhyProps) {
  const chosen = cells.find(({ id }) => id === one.cell);
  const why = chosen && whyOf(cells, chosen, document, (cell) => rankOf(cell, goal));
  if (!chosen || !why) return null;
  const python = [why.oneGil && oneGilWords(why.oneGil, goal), gilWords(why)].filter((words) => words !== null);
  const waiting = waitingWords(why, goal);
  const cost = [costWords(chosen, why), overheadWords(why)].filter((words) => words !== null);
  return (
    <>
      <Line label={t("advice.why.python")}>{python.join(" ")}</Line>
      {waiting !== null && <Line label={t("advice.why.waiting")}>{waiting}</Line>}
      {cost.length > 0 && <Line label={t("advice.why.cost")}>{cost.join(" ")}</Line>}
    </>
  );
}
