// SPDX-License-Identifier: MIT
// The bar below the timeline: everything about the selected span or counter. A live region, so
// that going from one to the next by keyboard is heard.

import type { Span } from "../lib/columns";
import type { PartKind } from "../lib/loop-parts";
import { selectionBlame } from "../state/blame";
import {
  chooseCounter,
  chosenCounter,
  chosenReading,
  type CounterPlace,
  partOfCounter,
  stepCounter,
} from "../state/counters";
import { t } from "../state/preferences";
import { lanesById, stateName } from "../state/opened";
import { detailsFolded, focusSelection, foldDetails, goTo, select, selection, step } from "../state/timeline";
import { walkBack, walkDamaged, walkEnd, walkError, walkOn } from "../state/walk";
import { BlameBar } from "./blame-bar";
import { bandWords, counterTitle, counterValue } from "./counter-words";
import { Icon } from "./icon";
import { ErrorText } from "./said";
import { StateSwatch } from "./state-swatch";
import {
  duration,
  type Fact,
  instant,
  laneFullTitle,
  relations,
  siteOf,
  spanTitle,
} from "./timeline-words";
import { ToolButton } from "./tool-button";

export function Fold() {
  const folded = detailsFolded.value;
  return (
    <ToolButton
      icon={folded ? "up" : "down"}
      label={t(folded ? "timeline.details.open" : "timeline.details.fold")}
      expanded={!folded}
      act={foldDetails}
    />
  );
}

function Actions() {
  return (
    <div class="details-actions">
      <ToolButton icon="left" label={t("timeline.previous")} act={() => step(-1)} />
      <ToolButton icon="right" label={t("timeline.next")} act={() => step(1)} />
      <ToolButton icon="cause" label={t("timeline.walk.back")} act={() => void walkBack()} />
      <ToolButton icon="effect" label={t("timeline.walk.on")} act={() => void walkOn()} />
      <button type="button" class="button is-small" onClick={focusSelection}>
        <Icon name="focus" />
        {t("timeline.focus")}
      </button>
      <Fold />
      <ToolButton icon="close" label={t("timeline.close")} act={() => select(null)} />
    </div>
  );
}

function Facts({ span }: { span: Span }) {
  const facts: Fact[] = [
    { label: t("timeline.length"), text: duration(span.end - span.start), target: null },
    { label: t("timeline.start"), text: instant(span.start), target: null },
    { label: t("timeline.end"), text: instant(span.end), target: null },
    ...relations(span),
  ];
  const site = siteOf(span);
  return (
    <dl class="fact-list">
      {facts.map(({ label, text, target }) => (
        <div key={label} class="fact">
          <dt>{label}</dt>
          <dd>
            {target ? (
              <button
                type="button"
                class="fact-link"
                onClick={() => goTo(target.lane, target.time)}
              >
                {text}
              </button>
            ) : (
              text
            )}
          </dd>
        </div>
      ))}
      {site && (
        <div class="fact is-wide">
          <dt>{t("timeline.site")}</dt>
          <dd>
            {site.name}
            {site.text !== null && (
              <details key={site.pointer} class="site-source">
                <summary>{t("timeline.site.source")}</summary>
                <code>{site.pointer}</code> <code class="is-muted">{site.text}</code>
              </details>
            )}
          </dd>
        </div>
      )}
    </dl>
  );
}

/** What a part of an event loop is: its name is short. */
function PartMeaning({ part }: { part: PartKind | null }) {
  return part === null ? null : <p class="is-muted">{t(`part.${part}`)}</p>;
}

/** What the last step along the chain of blame came to. */
function WalkNotes() {
  return (
    <>
      {walkEnd.value && <p class="is-muted">{t(`timeline.walk.${walkEnd.value}`)}</p>}
      {walkError.value && (
        <p class="blame-damaged" role="alert">
          <ErrorText error={walkError.value} />
        </p>
      )}
      {walkDamaged.value > 0 && (
        <p class="blame-damaged" role="alert">
          {t("timeline.walk.damaged", { count: walkDamaged.value })}
        </p>
      )}
    </>
  );
}

function SpanDetails({ span }: { span: Span }) {
  return (
    <>
      <div class="details-head">
        <h2 class="details-title">
          <StateSwatch state={stateName(span.state)} />
          <span class="details-lane">{laneFullTitle(span.lane)}</span>
          <span>{spanTitle(span)}</span>
        </h2>
        <Actions />
      </div>
      <div class="details-body">
        <Facts span={span} />
        <PartMeaning part={stateName(span.state) === "poll" ? "poll" : null} />
        {span.count > 1 && (
          <p class="is-muted">
            {t("timeline.merged", { count: span.count })}. {t("timeline.merged.zoom")}
          </p>
        )}
        {selectionBlame.value && <BlameBar blame={selectionBlame.value} />}
        <WalkNotes />
      </div>
    </>
  );
}

function CounterDetails({ place }: { place: CounterPlace }) {
  const reading = chosenReading.value;
  const part = lanesById.value.get(partOfCounter(place) ?? -1)?.kind;
  const facts = [
    { label: t("counter.at"), text: instant(place.at) },
    ...(reading?.since == null ? [] : [{ label: t("counter.since"), text: instant(reading.since) }]),
    ...(reading?.until == null ? [] : [{ label: t("counter.until"), text: instant(reading.until) }]),
  ];
  return (
    <>
      <div class="details-head">
        <h2 class="details-title">
          <span class="details-lane">
            {laneFullTitle(place.lane)} · {counterTitle(place.kind)}
          </span>
          <span>{reading ? counterValue(place.kind, reading.value) : t("counter.unknown")}</span>
        </h2>
        <div class="details-actions">
          <ToolButton icon="left" label={t("counter.previous")} act={() => stepCounter(-1)} />
          <ToolButton icon="right" label={t("counter.next")} act={() => stepCounter(1)} />
          <Fold />
          <ToolButton icon="close" label={t("timeline.close")} act={() => chooseCounter(null)} />
        </div>
      </div>
      <div class="details-body">
        <dl class="fact-list">
          {facts.map(({ label, text }) => (
            <div key={label} class="fact">
              <dt>{label}</dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
        <PartMeaning part={part === undefined ? null : (part as PartKind)} />
        {reading && bandWords(place.kind, reading) !== "" && (
          <p class="is-muted">
            {bandWords(place.kind, reading)}. {t("timeline.merged.zoom")}
          </p>
        )}
      </div>
    </>
  );
}

function Hint() {
  return (
    <p class="details-hint">
      {t("timeline.hint")} <span class="is-muted for-mouse">{t("timeline.hint.keys")}</span>
      <span class="is-muted for-touch">{t("timeline.hint.touch")}</span>
    </p>
  );
}

export function Details() {
  const span = selection.value;
  const place = chosenCounter.value;
  return (
    <section
      class={detailsFolded.value ? "details is-folded" : "details"}
      data-then=".stage-plot"
      aria-label={t("timeline.details")}
      aria-live="polite"
    >
      {span ? <SpanDetails span={span} /> : place ? <CounterDetails place={place} /> : <Hint />}
    </section>
  );
}
