// SPDX-License-Identifier: MIT
// Ask: a question in one's own numbers, or an example; the same document as a sentence and as
// text; and what it does, shown while it is being changed. Run keeps it and shows the grid.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ModelSummary } from "../api";
import { type GridShape } from "../lib/grid";
import { askRoute } from "../lib/route";
import {
  changed,
  draft,
  isDocumentShown,
  isLost,
  isTyped,
  openDocument,
  openDocumentOf,
  openOwnQuestion,
  refusal,
  resetDraft,
  sending,
  shape,
  source,
} from "../state/ask";
import { whyNotRun } from "../state/ask-fields";
import { experimentName, metrics, models, presetLook, presetName, presets } from "../state/catalogue";
import { offerCommands } from "../state/commands";
import { modelTitle } from "../state/names";
import { t } from "../state/preferences";
import { forgetPreview, previewSize, showPreview } from "../state/preview";
import { onBack } from "../state/reach";
import { valueOf } from "../state/resource";
import { askCommands, run } from "./ask-commands";
import { AskProblems, markedLines } from "./ask-problems";
import { DocumentEditor } from "./document-editor";
import { WORD_GROUPS } from "./document-words";
import { Loading } from "./feedback";
import { Icon } from "./icon";
import type { EditorHandle } from "./json-editor";
import { isReturning } from "./places";
import { PresetCards } from "./preset-cards";
import { PreviewSection } from "./preview-section";
import { QuestionForm } from "./question-form";

/* A word is not half written for longer than this. */
const TYPING_MS = 250;

function shapeWords({ runtimes, strategies, points }: GridShape): string[] {
  return [
    ...(runtimes.length > 0 ? [t("ask.shape.runtimes", { count: runtimes.length })] : []),
    ...(strategies.length > 0 ? [t("ask.shape.strategies", { count: strategies.length })] : []),
    ...(points > 1 ? [t("ask.shape.points", { count: points })] : []),
  ];
}

/* Empty while the text is no JSON, so that what is below stays where it is; for the same reason a
 * server that is away is told of here. */
function GridFacts() {
  if (isLost.value) {
    return (
      <p class="composer-shape is-lost" role="alert">
        {t("ask.lost")}
      </p>
    );
  }
  const grid = shape.value;
  const why = whyNotRun.value;
  return (
    <p class={why === null ? "composer-shape" : "composer-shape is-held"}>
      {grid && <span class="composer-facts">{gridWords(grid)}</span>}
      {why !== null && <span class="composer-why">{why}</span>}
    </p>
  );
}

function gridWords(grid: GridShape): string {
  const cells = t("ask.shape.cells", { count: grid.cells });
  const words = shapeWords(grid).join(" × ");
  return words === "" ? cells : `${cells}: ${words}`;
}

/* Beside the button where there is room in its row, and else in the line of facts, which is there
 * in any case: nothing moves while somebody types. */
function WhyNotRun() {
  const why = whyNotRun.value;
  if (why === null) return null;
  return (
    <p id="why-not-run" class="composer-held">
      {why}
    </p>
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

function modelItem(model: ModelSummary): WordList["items"][number] {
  return { name: model.name, title: modelTitle(model) };
}

function Vocabulary() {
  const known = valueOf(models);
  const lists: WordList[] = [
    ...documentWords(),
    ...(known
      ? [
          { title: t("models.runtimes"), items: known.items.map(modelItem) },
          { title: t("models.profiles"), items: known.profiles.map(modelItem) },
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

/* The preview follows the text; what is typed may go on. */
function usePreview(): void {
  const key = source.value?.key;
  const text = draft.value;
  const size = previewSize.value;
  useEffect(() => forgetPreview, [key]);
  useEffect(() => showPreview(text, isTyped.peek() ? TYPING_MS : 0), [key, text, size]);
}

function Actions() {
  const isShown = isDocumentShown.value;
  const isHeld = whyNotRun.value !== null;
  return (
    <div class="composer-actions">
      {changed.value && (
        <button type="button" class="button is-quiet" onClick={resetDraft}>
          {t("ask.reset")}
        </button>
      )}
      <button
        type="button"
        class="button"
        aria-expanded={isShown}
        aria-controls="document"
        onClick={() => (isDocumentShown.value = !isShown)}
      >
        {t(isShown ? "ask.document.hide" : "ask.document.show")}
      </button>
      <button
        type="button"
        class="button is-primary"
        aria-disabled={sending.value || isHeld}
        aria-describedby={isHeld ? "why-not-run" : undefined}
        onClick={run}
      >
        <Icon name="play" />
        {sending.value ? t("ask.running") : t("ask.run")}
      </button>
    </div>
  );
}

function Composer({ title, look }: { title: string; look: string | null }) {
  const editor = useRef<EditorHandle>(null);
  const isShown = isDocumentShown.value;
  usePreview();
  const goTo = (start: number, end: number): void => {
    if (editor.current) return editor.current.select(start, end);
    isDocumentShown.value = true;
    window.setTimeout(() => editor.current?.select(start, end));
  };
  useLayoutEffect(() => offerCommands(askCommands(() => goTo(0, 0))), []);
  return (
    <section class="composer" aria-labelledby="composer-title">
      <div class="composer-head">
        <h2 id="composer-title" class="section-title">
          {title}
        </h2>
        <WhyNotRun />
        <Actions />
      </div>
      {look && <p class="composer-look">{look}</p>}
      <QuestionForm />
      <GridFacts />
      {!isShown && <AskProblems goTo={goTo} />}
      <div class={isShown ? "composer-body has-document" : "composer-body"}>
        <PreviewSection />
        <div id="document" class="composer-editor" hidden={!isShown}>
          {isShown && (
            <>
              <DocumentEditor handle={editor} marked={markedLines()} onSubmit={run} />
              <p id="editor-help" class="hint">
                {t("ask.editor.help")}
              </p>
              <AskProblems goTo={goTo} />
              <Vocabulary />
            </>
          )}
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
  const isOwn = preset === null && experiment === null;

  useEffect(() => presets.ensure(), []);
  useEffect(() => {
    models.ensure();
    metrics.ensure();
  }, []);
  // Before anything is painted: what comes later pushes the examples down.
  useLayoutEffect(() => {
    if (experiment !== null) void openDocumentOf(experiment).then(setFrom);
    else if (chosen) openDocument(`preset.${chosen.id}`, chosen.document);
    else if (isOwn) openOwnQuestion();
  }, [experiment, chosen, isOwn]);
  const opened = source.value !== null;
  const awaited = opened ? null : experiment;
  useEffect(() => onBack(() => awaited !== null && void openDocumentOf(awaited).then(setFrom)), [awaited]);
  useEffect(() => {
    if (opened && !isReturning() && (chosen || experiment !== null)) {
      place.current?.scrollIntoView({ block: "start" });
    }
  }, [chosen, experiment, opened]);

  const origin = from === null ? "" : t("ask.from", { name: experimentName(from) });
  const title = isOwn ? t("ask.own") : chosen ? presetName(chosen) : origin;
  return (
    <div class="page">
      <div class="page-head">
        <h1 class="page-title">{t("ask.title")}</h1>
        <p class="page-lead">{t("ask.lead")}</p>
      </div>
      <div ref={place} class="composer-place">
        {opened ? (
          <Composer title={title} look={chosen ? presetLook(chosen) : null} />
        ) : (
          <div class="composer is-waiting">{refusal.value ? <AskProblems goTo={() => undefined} /> : <Loading lines={6} />}</div>
        )}
      </div>
      <section class="examples" aria-labelledby="presets-title">
        <div class="section-head">
          <h2 id="presets-title" class="section-title">
            {t("ask.presets")}
          </h2>
          {!isOwn && (
            <a class="button is-quiet" href={askRoute()}>
              {t("ask.own.back")}
            </a>
          )}
        </div>
        <PresetCards chosen={chosen?.id ?? null} />
      </section>
    </div>
  );
}
