// SPDX-License-Identifier: MIT
// The bar below the timeline: everything about the selected span. A live region, so that going
// from span to span by keyboard is heard.

import type { Span } from "../lib/columns";
import { t } from "../state/preferences";
import {
  focusSelection,
  goTo,
  select,
  selection,
  selectionBlame,
  stateName,
  step,
} from "../state/timeline";
import { BlameBar } from "./blame-bar";
import { Icon } from "./icon";
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

function Actions() {
  return (
    <div class="details-actions">
      <button
        type="button"
        class="button is-icon"
        aria-label={t("timeline.previous")}
        title={t("timeline.previous")}
        onClick={() => step(-1)}
      >
        <Icon name="left" />
      </button>
      <button
        type="button"
        class="button is-icon"
        aria-label={t("timeline.next")}
        title={t("timeline.next")}
        onClick={() => step(1)}
      >
        <Icon name="right" />
      </button>
      <button type="button" class="button is-small" onClick={focusSelection}>
        <Icon name="focus" />
        {t("timeline.focus")}
      </button>
      <button
        type="button"
        class="button is-icon"
        aria-label={t("timeline.close")}
        title={t("timeline.close")}
        onClick={() => select(null)}
      >
        <Icon name="close" />
      </button>
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
            <code>{site.pointer}</code>
            {site.text !== null && <code class="is-muted"> {site.text}</code>}
          </dd>
        </div>
      )}
    </dl>
  );
}

export function Details() {
  const span = selection.value;
  return (
    <section class="details" aria-label={t("timeline.details")} aria-live="polite">
      {span ? (
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
            {span.count > 1 && (
              <p class="is-muted">
                {t("timeline.merged", { count: span.count })}. {t("timeline.merged.zoom")}
              </p>
            )}
            {selectionBlame.value && <BlameBar blame={selectionBlame.value} />}
          </div>
        </>
      ) : (
        <p class="details-hint">
          {t("timeline.hint")} <span class="is-muted for-mouse">{t("timeline.hint.keys")}</span>
          <span class="is-muted for-touch">{t("timeline.hint.touch")}</span>
        </p>
      )}
    </section>
  );
}
