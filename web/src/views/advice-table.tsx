// SPDX-License-Identifier: MIT
// The recommendations of a sweep, a row for each of its points: whom to choose there, how good
// that is, what limits it, and who is next.

import { useState } from "preact/hooks";
import type { Recommendation } from "../api";
import { metricInfo, metricTitle } from "../state/catalogue";
import { fieldTitle, fieldValue, modelName } from "../state/names";
import { t } from "../state/preferences";
import { chosenOf, intervalWords, lossOf, nearWords, tieOf, valueWords } from "./advice-words";
import { rowAfter } from "./focus-keeper";
import { ScrollFrame } from "./scroll-frame";

const ROWS = 12;

function Next({ item, goal }: { item: Recommendation; goal: string }) {
  const chosen = chosenOf(item);
  const next = [item.best, item.runner_up].find((one) => one !== null && one.cell !== chosen.cell);
  if (!next) return null;
  const words = [valueWords(next, goal), lossOf(next, goal) ?? t("advice.alike"), nearWords(next)];
  return (
    <>
      {modelName(next)}
      <span class="advice-small">{words.filter(Boolean).join(" · ")}</span>
    </>
  );
}

interface RowProps {
  item: Recommendation;
  goal: string;
  pointers: readonly string[];
  document: unknown;
}

function Row({ item, goal, pointers, document }: RowProps) {
  const chosen = chosenOf(item);
  const { unit } = metricInfo(goal);
  const verdict = item.verdict !== "unsure" && tieOf(item) ? "tie" : item.verdict;
  return (
    <tr data-verdict={item.verdict}>
      {pointers.map((pointer) => (
        <th key={pointer} scope="row" class="is-number" data-label={fieldTitle(pointer, document)}>
          {fieldValue(pointer, item.point[pointer])}
        </th>
      ))}
      <td data-label={t("advice.column.choose")}>
        <strong>{modelName(chosen)}</strong>
        <span class="advice-small">{t(`advice.verdict.${verdict}`)}</span>
      </td>
      <td class="is-number" data-label={metricTitle(goal)}>
        {valueWords(chosen, goal)}
        {chosen.range !== null && <span class="advice-small">{intervalWords(chosen.range, unit)}</span>}
      </td>
      <td data-label={t("advice.column.limit")}>{t(`advice.limit.${chosen.limit}`)}</td>
      <td data-label={t("advice.runnerUp")}>
        <Next item={item} goal={goal} />
      </td>
    </tr>
  );
}

/** The row of a point of which nothing is known yet. */
function AwaitedRow({ point, pointers }: { point: Record<string, unknown>; pointers: readonly string[] }) {
  return (
    <tr class="is-awaited">
      {pointers.map((pointer) => (
        <th key={pointer} scope="row" class="is-number">
          {fieldValue(pointer, point[pointer])}
        </th>
      ))}
      <td colSpan={4}>
        <span class="loading-line" aria-hidden="true" />
      </td>
    </tr>
  );
}

interface TableProps {
  items: readonly Recommendation[];
  /** Points of which something is to come: each has its row before. */
  awaited: readonly Record<string, unknown>[];
  goal: string;
  document: unknown;
}

export function AdviceTable({ items, awaited, goal, document }: TableProps) {
  const [room, setRoom] = useState(ROWS);
  const known = new Map(items.map((item) => [JSON.stringify(item.point), item]));
  const points = awaited.length > 0 ? awaited : items.map(({ point }) => point);
  const pointers = [...new Set(points.flatMap((point) => Object.keys(point)))];
  return (
    <>
      <ScrollFrame label={t("advice.title")}>
        <table class="table advice-table is-stacking">
          <thead>
            <tr>
              {pointers.map((pointer) => (
                <th key={pointer} scope="col" class="is-number" title={pointer}>
                  {fieldTitle(pointer, document)}
                </th>
              ))}
              <th scope="col">{t("advice.column.choose")}</th>
              <th scope="col" class="is-number">
                {metricTitle(goal)}
              </th>
              <th scope="col">{t("advice.column.limit")}</th>
              <th scope="col">{t("advice.runnerUp")}</th>
            </tr>
          </thead>
          <tbody>
            {points.slice(0, room).map((point) => {
              const key = JSON.stringify(point);
              const item = known.get(key);
              return item ? (
                <Row key={key} item={item} goal={goal} pointers={pointers} document={document} />
              ) : (
                <AwaitedRow key={key} point={point} pointers={pointers} />
              );
            })}
          </tbody>
        </table>
      </ScrollFrame>
      {points.length > room && (
        <button
          type="button"
          class="button table-more"
          data-then={rowAfter(".advice-table tbody tr", room)}
          onClick={() => setRoom(points.length)}
        >
          {t("advice.more", { count: points.length - room })}
        </button>
      )}
    </>
  );
}
