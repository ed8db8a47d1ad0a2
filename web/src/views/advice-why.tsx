// SPDX-License-Identifier: MIT
// Why the recommended cell: what Python code does under its GILs, what overlaps meanwhile, and what
// it takes in return, each with the figures of the cells that were run.

import type { Cell, Recommended } from "../api";
import { formatBytes, formatDuration, formatMetric, formatShare } from "../lib/format";
import { median, type OneGil, type Why, whyOf } from "../lib/why";
import { metricInfo, metricTitle } from "../state/catalogue";
import { rankOf } from "../state/cells";
import { modelName } from "../state/names";
import { language, t } from "../state/preferences";
import { Line } from "./advice-line";

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

interface WhyProps {
  cells: readonly Cell[];
  one: Recommended;
  goal: string;
  document: unknown;
}

export function AdviceWhy({ cells, one, goal, document }: WhyProps) {
  const chosen = cells.find(({ id }) => id === one.cell);
  const why = chosen && whyOf(cells, chosen, document, (cell) => rankOf(cell, goal));
  if (!chosen || !why) return null;
  const python = [why.oneGil && oneGilWords(why.oneGil, goal), gilWords(why)].filter((words) => words !== null);
  const [waiting, cost] = [waitingWords(why, goal), costWords(chosen, why)];
  return (
    <>
      <Line label={t("advice.why.python")}>{python.join(" ")}</Line>
      {waiting !== null && <Line label={t("advice.why.waiting")}>{waiting}</Line>}
      {cost !== null && <Line label={t("advice.why.cost")}>{cost}</Line>}
    </>
  );
}
