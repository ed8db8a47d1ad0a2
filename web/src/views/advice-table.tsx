// SPDX-License-Identifier: MIT
// The recommendations of a sweep, a row for each of its points: whom to choose there, how good
// that is, what limits it, and who is next.

import { useState } from "preact/hooks";
import type { Recommendation } from "../api";
import { metricInfo, metricTitle } from "../state/catalogue";
import { fieldTitle, fieldValue, modelName } from "../state/names";
import { t } from "../state/preferences";
import { chosenOf, intervalWords, lossOf, nearWords, valueWords } from "./advice-words";

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
  return (
    <tr data-verdict={item.verdict}>
      {pointers.map((pointer) => (
        <th key={pointer} scope="row" class="is-number" data-label={fieldTitle(pointer, document)}>
          {fieldValue(pointer, item.point[pointer])}
        </th>
      ))}
      <td data-label={t("advice.column.choose")}>
        <strong>{modelName(chosen)}</strong>
        <span class="advice-small">{t(`advice.verdict.${item.verdict}`)}</span>
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

export function AdviceTable(props: { items: readonly Recommendation[]; goal: string; document: unknown }) {
  const { items, goal, document } = props;
  const [room, setRoom] = useState(ROWS);
  const pointers = [...new Set(items.flatMap(({ point }) => Object.keys(point)))];
  return (
    <>
      <div class="table-frame">
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
            {items.slice(0, room).map((item) => (
              <Row key={JSON.stringify(item.point)} item={item} goal={goal} pointers={pointers} document={document} />
            ))}
          </tbody>
        </table>
      </div>
      {items.length > room && (
        <button type="button" class="button table-more" onClick={() => setRoom(items.length)}>
          {t("advice.more", { count: items.length - room })}
        </button>
      )}
    </>
  );
}
