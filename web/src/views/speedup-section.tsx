// SPDX-License-Identifier: MIT
// Virtual speed-up: how much better the goal would be if one step of the program took less time.

import { useEffect } from "preact/hooks";
import type { Run, Speedup, SpeedupStep } from "../api";
import { formatMetric, formatShare } from "../lib/format";
import { metricInfo, metricTitle } from "../state/catalogue";
import { speedup } from "../state/findings";
import { language, t } from "../state/preferences";
import { Explained } from "./explained";
import { Failed, Loading } from "./feedback";
import { ScrollFrame } from "./scroll-frame";
import { placeOf } from "./timeline-words";

type Trial = SpeedupStep["faster"][number];

function less({ time }: Trial): string {
  return t("speedup.less", { share: formatShare(1 - time, language.value) });
}

/** The gain as a number and a bar; a loss has no bar. */
function Gain({ trial }: { trial: Trial }) {
  if (trial.gain === null) return <td class="is-number">-</td>;
  const share = Math.min(1, Math.max(0, trial.gain));
  return (
    <td class="is-number speedup-gain">
      {formatShare(trial.gain, language.value)}
      <span class="speedup-bar" style={{ width: `${100 * share}%` }} aria-hidden="true" />
    </td>
  );
}

function Step({ step }: { step: SpeedupStep }) {
  const place = placeOf(step.site);
  return (
    <tr>
      <th scope="row">
        <Explained className="site-name" says={[place.pointer, place.text ?? ""].join(" ").trim()}>
          {place.name}
        </Explained>
      </th>
      {step.faster.map((trial) => (
        <Gain key={trial.time} trial={trial} />
      ))}
    </tr>
  );
}

function Steps({ made }: { made: Speedup }) {
  const first = made.steps[0];
  if (!first) return <p>{t("speedup.none")}</p>;
  const goal = metricTitle(made.goal);
  const value = formatMetric(made.value ?? 0, metricInfo(made.goal).unit, language.value);
  return (
    <>
      <p>{t("speedup.reads", { goal, value })}</p>
      <ScrollFrame label={t("speedup.title")}>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">{t("speedup.step")}</th>
              {first.faster.map((trial) => (
                <th key={trial.time} scope="col" class="is-number">
                  {less(trial)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {made.steps.map((step) => (
              <Step key={step.site} step={step} />
            ))}
          </tbody>
        </table>
      </ScrollFrame>
      {made.left_out > 0 && (
        <p class="section-note">{t("speedup.leftOut", { count: made.left_out })}</p>
      )}
    </>
  );
}

export function SpeedupSection({ run }: { run: Run }) {
  useEffect(() => speedup.forget, [run.id]);
  const state = speedup.state.value;
  if (run.status !== "done" && run.status !== "limited") return null;
  return (
    <section class="findings speedup" aria-labelledby="speedup-title">
      <div class="section-head">
        <h2 id="speedup-title" class="section-title">
          {t("speedup.title")}
        </h2>
        {state.status === "idle" && (
          <button type="button" class="button" onClick={() => speedup.ask(run.id)}>
            {t("speedup.ask")}
          </button>
        )}
      </div>
      {state.status === "idle" && <p class="section-note">{t("speedup.note")}</p>}
      {state.status === "loading" && (
        <>
          <p class="section-note" role="status">
            {t("speedup.making")}
          </p>
          <Loading lines={3} />
        </>
      )}
      {state.status === "failed" && <Failed error={state.error} retry={() => speedup.ask(run.id)} />}
      {state.status === "ready" && <Steps made={state.value} />}
    </section>
  );
}
