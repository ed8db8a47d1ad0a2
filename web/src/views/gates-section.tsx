// SPDX-License-Identifier: MIT
// The document's gates: what must hold, and where it does not.

import type { Cell, GateResult } from "../api";
import { formatMetric } from "../lib/format";
import { metricInfo, metricTitle } from "../state/catalogue";
import { cellName } from "../state/names";
import { language, t } from "../state/preferences";

type Outcome = "holds" | "fails" | "pending" | "skipped";

function outcomeOf(gate: GateResult): Outcome {
  const verdicts = new Set(gate.cells.map(({ verdict }) => verdict));
  if (verdicts.has("fails") || verdicts.has("no_value")) return "fails";
  if (verdicts.has("pending")) return "pending";
  return verdicts.has("holds") ? "holds" : "skipped";
}

function GateItem(props: { gate: GateResult; cells: readonly Cell[]; document: unknown }) {
  const { gate, cells, document } = props;
  const outcome = outcomeOf(gate);
  const { unit } = metricInfo(gate.metric);
  const words = (value: number): string => formatMetric(value, unit, language.value);
  const bounds = [
    ...(gate.min === null ? [] : [`≥ ${words(gate.min)}`]),
    ...(gate.max === null ? [] : [`≤ ${words(gate.max)}`]),
  ].join(", ");
  const failing = gate.cells.filter(({ verdict }) => verdict === "fails" || verdict === "no_value");
  return (
    <li class="gate" data-outcome={outcome}>
      <span class="gate-outcome">{t(`gate.${outcome}`)}</span>
      <span>
        {metricTitle(gate.metric)} {bounds}{" "}
        <span class="is-muted">{t(`gate.over.${gate.over}`)}</span>
      </span>
      {failing.length > 0 && (
        <ul class="gate-cells">
          {failing.map(({ cell, value }) => {
            const row = cells.find((candidate) => candidate.id === cell);
            return (
              <li key={cell}>
                {row ? cellName(row, document) : cell}:{" "}
                {value === null ? t("gate.noValue") : words(value)}
              </li>
            );
          })}
        </ul>
      )}
    </li>
  );
}

export function GatesSection(props: {
  gates: readonly GateResult[];
  cells: readonly Cell[];
  document: unknown;
}) {
  const { gates, cells, document } = props;
  if (gates.length === 0) return null;
  return (
    <section aria-labelledby="gates-title">
      <h2 id="gates-title" class="section-title">
        {t("gate.title")}
      </h2>
      <ul class="gates">
        {gates.map((gate, index) => (
          <GateItem key={index} gate={gate} cells={cells} document={document} />
        ))}
      </ul>
    </section>
  );
}
