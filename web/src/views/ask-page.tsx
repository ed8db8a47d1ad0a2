// SPDX-License-Identifier: MIT
// Ask: pick an example, change the document, run it. What the server refuses is shown with its
// JSON pointer, and the line it points to is one click away.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Preset, ProblemDetail } from "../api";
import { type GridShape, gridShape } from "../lib/grid";
import { findPlace, lineOf } from "../lib/json-scan";
import { askRoute, experimentRoute } from "../lib/route";
import {
  changed,
  closeDocument,
  draft,
  editDraft,
  openDocument,
  openDocumentOf,
  refusal,
  resetDraft,
  scan,
  sending,
  shape,
  source,
  submitDraft,
} from "../state/ask";
import { experimentName, models, presetLook, presetName, presets } from "../state/catalogue";
import { t } from "../state/preferences";
import { valueOf } from "../state/resource";
import { go } from "../state/router";
import { Empty, errorText, Failed, Loading } from "./feedback";
import { Icon } from "./icon";
import { WORD_GROUPS } from "./document-words";
import { type EditorHandle, JsonEditor } from "./json-editor";

const CHIPS = 4;

function shapeWords({ runtimes, strategies, points }: GridShape): string[] {
  return [
    ...(runtimes.length > 0 ? [t("ask.shape.runtimes", { count: runtimes.length })] : []),
    ...(strategies.length > 0 ? [t("ask.shape.strategies", { count: strategies.length })] : []),
    ...(points > 1 ? [t("ask.shape.points", { count: points })] : []),
  ];
}

/** What the grid is made of, by name, as far as there is room. */
function chipWords({ runtimes, strategies, points }: GridShape): string[] {
  const names = [...runtimes, ...strategies];
  const more = names.length > CHIPS ? [`+${names.length - CHIPS}`] : [];
  const sweep = points > 1 ? [t("ask.shape.points", { count: points })] : [];
  return [...names.slice(0, CHIPS), ...more, ...sweep];
}

function PresetCard({ preset, chosen }: { preset: Preset; chosen: boolean }) {
  const grid = gridShape(preset.document);
  return (
    <li class="card-cell">
      <a class="card" href={askRoute(preset.id)} aria-current={chosen ? "true" : undefined}>
        <h3 class="card-title">{presetName(preset)}</h3>
        <p class="card-text">{presetLook(preset)}</p>
        {grid && (
          <ul class="chips">
            {chipWords(grid).map((words) => (
              <li key={words} class="chip">
                {words}
              </li>
            ))}
          </ul>
        )}
      </a>
    </li>
  );
}

function Presets({ chosen }: { chosen: string | null }) {
  const state = presets.state.value;
  if (state.status === "failed") {
    return <Failed error={state.error} retry={() => void presets.reload()} />;
  }
  if (state.status !== "ready") return <Loading lines={4} />;
  if (state.value.length === 0) {
    return <Empty title={t("ask.presets.empty.title")} text={t("ask.presets.empty.text")} />;
  }
  return (
    <ul class="cards">
      {state.value.map((preset) => (
        <PresetCard key={preset.id} preset={preset} chosen={preset.id === chosen} />
      ))}
    </ul>
  );
}

function Problems(props: { items: readonly ProblemDetail[]; go(pointer: string): void }) {
  return (
    <ul class="problems">
      {props.items.map(({ pointer, detail }) => {
        const place = findPlace(scan.value, pointer);
        return (
          <li key={pointer + detail}>
            <button type="button" class="problem" onClick={() => props.go(pointer)}>
              <code class="problem-pointer">{pointer || t("ask.wholeDocument")}</code>
              {place && (
                <span class="problem-line">
                  {t("ask.goto", { line: String(lineOf(draft.value, place.keyStart)) })}
                </span>
              )}
              <span class="problem-text">{detail}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

function Refusal({ goTo }: { goTo(pointer: string): void }) {
  const error = refusal.value;
  if (!error) return null;
  const items = error.problem?.errors ?? [];
  return (
    <section class="notice is-error" role="alert">
      <h3 class="notice-title">
        {items.length > 0
          ? t("ask.refused", { count: items.length })
          : error.problem
            ? t("ask.refused.title")
            : t("error.title")}
      </h3>
      {items.length > 0 ? <Problems items={items} go={goTo} /> : <p>{errorText(error)}</p>}
    </section>
  );
}

function SyntaxNotice({ goTo }: { goTo(start: number, end: number): void }) {
  const { error } = scan.value;
  if (!error) return null;
  const line = lineOf(draft.value, error.offset);
  const problem = t(`json.${error.problem}`);
  return (
    <section class="notice is-warning">
      <h3 class="notice-title">{t("ask.invalid")}</h3>
      <button type="button" class="problem" onClick={() => goTo(error.offset, error.offset + 1)}>
        <span class="problem-text">{t("json.line", { line: String(line), problem })}</span>
      </button>
    </section>
  );
}

function GridFacts() {
  const grid = shape.value;
  if (!grid) return null;
  return (
    <section class="facts">
      <h3 class="facts-title">{t("ask.shape.title")}</h3>
      <p class="facts-figure">{t("ask.shape.cells", { count: grid.cells })}</p>
      <p class="facts-text">{shapeWords(grid).join(" × ")}</p>
    </section>
  );
}

interface WordList {
  title: string;
  items: readonly { name: string; title: string }[];
}

function documentWords(): WordList[] {
  return WORD_GROUPS.map(({ title, words }) => ({
    title: t(title),
    items: words.map(([name, meaning]) => ({ name, title: t(meaning) })),
  }));
}

function Vocabulary() {
  useEffect(() => models.ensure(), []);
  const known = valueOf(models);
  const lists: WordList[] = [
    ...documentWords(),
    ...(known
      ? [
          { title: t("models.runtimes"), items: known.items },
          { title: t("models.profiles"), items: known.profiles },
        ]
      : []),
  ];
  return (
    <details class="disclosure">
      <summary>{t("models.title")}</summary>
      {lists.map(({ title, items }) => (
        <div key={title}>
          <h3 class="facts-title">{title}</h3>
          <dl class="words">
            {items.map((item) => (
              <div key={item.name} class="word">
                <dt>
                  <code>{item.name}</code>
                </dt>
                <dd>{item.title}</dd>
              </div>
            ))}
          </dl>
        </div>
      ))}
    </details>
  );
}

function markedLines(): Set<number> {
  const marked = new Set<number>();
  const text = draft.value;
  const { error } = scan.value;
  if (error) marked.add(lineOf(text, error.offset));
  for (const { pointer } of refusal.value?.problem?.errors ?? []) {
    const place = findPlace(scan.value, pointer);
    if (place) marked.add(lineOf(text, place.keyStart));
  }
  return marked;
}

function Composer({ title, look }: { title: string; look: string | null }) {
  const editor = useRef<EditorHandle>(null);
  const run = (): void => {
    void submitDraft().then((id) => {
      if (id !== null) go(experimentRoute(id));
    });
  };
  const goToPointer = (pointer: string): void => {
    const place = findPlace(scan.value, pointer);
    if (place) editor.current?.select(place.keyStart, place.end);
  };
  return (
    <section class="composer" aria-labelledby="composer-title">
      <div class="composer-head">
        <h2 id="composer-title" class="section-title">
          {title}
        </h2>
        <div class="composer-actions">
          {changed.value && (
            <button type="button" class="button is-quiet" onClick={resetDraft}>
              {t("ask.reset")}
            </button>
          )}
          <button
            type="button"
            class="button is-primary"
            disabled={sending.value || scan.value.error !== null}
            onClick={run}
          >
            <Icon name="play" />
            {sending.value ? t("ask.running") : t("ask.run")}
          </button>
        </div>
      </div>
      <div class="composer-body">
        <div class="composer-editor">
          <JsonEditor
            text={draft.value}
            scan={scan.value}
            marked={markedLines()}
            handle={editor}
            onInput={editDraft}
            onSubmit={run}
          />
          <p id="editor-help" class="hint">
            {t("ask.editor.help")}
          </p>
        </div>
        <div class="composer-side">
          <Refusal goTo={goToPointer} />
          <SyntaxNotice goTo={(start, end) => editor.current?.select(start, end)} />
          {look && (
            <section class="facts">
              <h3 class="facts-title">{t("ask.look")}</h3>
              <p class="facts-lead">{look}</p>
            </section>
          )}
          <GridFacts />
          <Vocabulary />
        </div>
      </div>
    </section>
  );
}

export function AskPage(props: { preset: string | null; experiment: string | null }) {
  const { preset, experiment } = props;
  const [from, setFrom] = useState<string | null>(null);
  const place = useRef<HTMLDivElement>(null);
  const known = valueOf(presets);
  const chosen = known?.find((item) => item.id === preset) ?? null;

  useEffect(() => presets.ensure(), []);
  useEffect(() => {
    if (experiment !== null) void openDocumentOf(experiment).then(setFrom);
    else if (chosen) openDocument(`preset.${chosen.id}`, chosen.document);
    else if (preset === null) closeDocument();
  }, [experiment, chosen, preset]);
  const opened = source.value !== null;
  useEffect(() => {
    if (opened && (chosen || experiment !== null)) {
      place.current?.scrollIntoView({ block: "start" });
    }
  }, [chosen, experiment, opened]);

  const origin = from === null ? "" : t("ask.from", { name: experimentName(from) });
  const title = chosen ? presetName(chosen) : origin;
  return (
    <div class="page">
      <div class="page-head">
        <h1 class="page-title">{t("ask.title")}</h1>
        <p class="page-lead">{t("ask.lead")}</p>
      </div>
      <section aria-labelledby="presets-title">
        <h2 id="presets-title" class="section-title">
          {t("ask.presets")}
        </h2>
        <Presets chosen={chosen?.id ?? null} />
      </section>
      <div ref={place} class="composer-place">
        {source.value && <Composer title={title} look={chosen ? presetLook(chosen) : null} />}
      </div>
    </div>
  );
}
