// SPDX-License-Identifier: MIT
// The document as a sentence with numbers in it, and what is compared. It changes the document's
// text and nothing else; what it cannot say it says so.

import type { ComponentChildren } from "preact";
import type { MessageKey } from "../i18n/translate";
import { STRATEGY_KINDS, type StrategyKind } from "../lib/label";
import { type FieldPlace, poolPlace } from "../lib/field-refusal";
import { formatNumber } from "../lib/format";
import type { Pool } from "../lib/pools";
import type { Field, FieldName, Question } from "../lib/question";
import { isSwept } from "../lib/sweep";
import {
  appendPool,
  appendRuntime,
  changeField,
  changeSizes,
  leaveOutPool,
  leaveOutRuntime,
  question,
  written,
} from "../state/ask";
import { fieldRefusals } from "../state/ask-fields";
import { models } from "../state/catalogue";
import { fieldWords, poolName, runtimeName, strategyName, strategyOptions } from "../state/names";
import { language, t } from "../state/preferences";
import { valueOf } from "../state/resource";
import { ExplainedField } from "./explained";
import { Icon } from "./icon";
import { NumberField } from "./number-field";
import { refusalWords, type Words } from "./said";
import { SizesField } from "./sizes-field";

/** Those that the sentence has. */
type SlotName = Exclude<FieldName, "workers" | "interval">;

const WHOLE: readonly FieldName[] = ["count", "cores", "share"];
/* What anything less would be no number of: the document's own limits are the server's to say. */
const LEAST: Partial<Record<FieldName, number>> = { count: 1, cores: 1 };
const MOST: Partial<Record<FieldName, number>> = { share: 100 };

/* {count} decides the form of a message, so the field has another name in it. */
const FIELD_OF: Record<string, SlotName> = { jobs: "count" };

function noteOf({ note }: Field): string | undefined {
  return note === null ? undefined : t(`ask.note.${note}`);
}

/** What the server has against what stands in a field, in the field's words where it is a limit. */
function refusedWords(place: FieldPlace): Words | undefined {
  const refused = fieldRefusals.value.get(place);
  if (!refused) return undefined;
  const { limits, isOfField, problem } = refused;
  if (!limits) return refusalWords(problem);
  const [least, most] = [formatNumber(limits[0], language.value), formatNumber(limits[1], language.value)];
  return { text: t(isOfField ? "field.limits" : "field.limits.step", { least, most }) };
}

function Slot({ name, field, words }: { name: SlotName; field: Field; words: string }) {
  return (
    <ExplainedField
      says={noteOf(field) ?? t(`ask.field.${name}.title`)}
      words={words}
      field={(card) => (
        <NumberField
          label={t(`ask.field.${name}`)}
          describedBy={card}
          value={field.value}
          whole={WHOLE.includes(name)}
          min={LEAST[name] ?? 0}
          max={MOST[name]}
          refused={refusedWords(name)}
          disabled={!field.editable}
          onChange={(value) => changeField(name, value)}
        />
      )}
    />
  );
}

/* A field, and the words behind it that say what it is. */
const SLOT = /\{(\w+)\} \[([^\]]*)\]/;

/** A message with fields in the places of {names}, each explained by the [words] behind it; `count`
 * decides its form. */
function Phrase({ say, count, fields }: { say: MessageKey; count?: number; fields: Question["fields"] }) {
  const parts = t(say, count === undefined ? {} : { count }).split(SLOT);
  return (
    <>
      {parts.map((part, index) => {
        if (index % 3 === 0) return part;
        if (index % 3 === 2) return null;
        const name = FIELD_OF[part] ?? (part as SlotName);
        return <Slot key={name} name={name} field={fields[name]} words={parts[index + 1] ?? ""} />;
      })}
    </>
  );
}

function Sentence({ asked }: { asked: Question }) {
  const { work, fields } = asked;
  const hasCalls = fields.c.value !== null && fields.c.value > 0;
  const cores = fields.cores.value ?? 0;
  const hasJobs = work === "count" || work === "arrivals";
  return (
    <p class="sentence">
      {work === "count" && <Phrase say="ask.say.count" count={fields.count.value ?? 0} fields={fields} />}
      {work === "arrivals" && <Phrase say="ask.say.arrivals" fields={fields} />}
      {hasJobs ? <Phrase say="ask.say.each" fields={fields} /> : t(`ask.say.${work}`)}
      {hasCalls && <Phrase say="ask.say.share" fields={fields} />}
      <Phrase say="ask.say.cores" count={cores} fields={fields} />
    </p>
  );
}

function notesOf(asked: Question, document: unknown): string[] {
  const { fields, otherSteps, swept } = asked;
  const said = [fields.python, fields.wait, fields.c].map(({ note }) => note);
  return [
    ...(said.includes("drawn") ? [t("ask.note.drawn")] : []),
    ...(said.includes("several") ? [t("ask.note.several")] : []),
    ...(said.includes("unread") ? [t("ask.note.unread")] : []),
    ...(otherSteps.length > 0 ? [t("ask.note.steps", { steps: otherSteps.join(", ") })] : []),
    ...(swept.length > 0 ? [t("ask.note.sweep", { fields: swept.map((pointer) => fieldWords(pointer, document)).join(", ") })] : []),
    ...(asked.work === "actors" ? [t("ask.note.actors")] : []),
  ];
}

/* --- what is compared ------------------------------------------------------------------- */

function Chip(props: { remove: string; only: boolean; onRemove(): void; children: ComponentChildren }) {
  return (
    <li class="choice">
      {props.children}
      {!props.only && (
        <button
          type="button"
          class="choice-remove"
          aria-label={props.remove}
          title={props.remove}
          onClick={props.onRemove}
        >
          <Icon name="close" />
        </button>
      )}
    </li>
  );
}

function Adder<Value extends string>(props: {
  label: string;
  options: readonly { value: Value; text: string }[];
  onAdd(value: Value): void;
}) {
  return (
    <li class="choice-add">
      <Icon name="plus" />
      <select
        aria-label={props.label}
        value=""
        onChange={(event) => {
          const { value } = event.currentTarget;
          event.currentTarget.value = "";
          if (value !== "") props.onAdd(value as Value);
        }}
      >
        <option value="">{t("ask.add")}</option>
        {props.options.map(({ value, text }) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </li>
  );
}

function Runtimes({ asked }: { asked: Question }) {
  const items = valueOf(models)?.items ?? [];
  const taken = new Set(asked.runtimes.map(({ label }) => label));
  const options = items
    .filter(({ name }) => !taken.has(name))
    .map(({ name }) => ({ value: name, text: runtimeName(name) }))
    .reverse();
  const fixed = isSwept(asked.swept, "/runtimes");
  return (
    <ul class="choices" aria-label={t("ask.runtimes")}>
      {asked.runtimes.map(({ pointer, label }) => (
        <Chip
          key={pointer}
          remove={t("ask.remove", { name: runtimeName(label) })}
          only={fixed || asked.runtimes.length === 1}
          onRemove={() => leaveOutRuntime(pointer)}
        >
          <span class="choice-name">{runtimeName(label)}</span>
        </Chip>
      ))}
      <Adder label={t("ask.runtimes.add")} options={options} onAdd={appendRuntime} />
    </ul>
  );
}

function PoolName({ pool, fixed }: { pool: Pool; fixed: boolean }) {
  const { kind, sizes, label } = pool;
  if (fixed || kind === "" || kind === "sequential" || sizes.length === 0) {
    return <span class="choice-name">{strategyName(label)}</span>;
  }
  const rest = strategyOptions(label);
  return (
    <>
      <ExplainedField
        says={t("ask.sizes.title")}
        words={t(`ask.strategy.${kind}`)}
        isBefore
        field={(card) => (
          <SizesField
            label={t(`ask.strategy.${kind}.count`)}
            describedBy={card}
            sizes={sizes}
            refused={refusedWords(poolPlace(pool))}
            onChange={(now) => changeSizes(pool, now)}
          />
        )}
      />
      {rest !== "" && <span class="choice-rest">{rest}</span>}
    </>
  );
}

function Strategies({ asked }: { asked: Question }) {
  const { pools } = asked;
  const fixed = isSwept(asked.swept, "/strategies");
  const isThere = (kind: StrategyKind): boolean =>
    pools.some((pool) => pool.kind === kind && strategyOptions(pool.label) === "");
  const options = STRATEGY_KINDS.filter((kind) => !isThere(kind)).map((kind) => ({
    value: kind,
    text: t(kind === "sequential" ? "name.sequential" : `name.${kind}.any`),
  }));
  return (
    <ul class="choices" aria-label={t("ask.strategies")}>
      {pools.map((pool) => (
        <Chip
          key={pool.places[0]}
          remove={t("ask.remove", { name: poolName(pool.label) })}
          only={fixed || pools.length === 1}
          onRemove={() => leaveOutPool(pool)}
        >
          <PoolName pool={pool} fixed={fixed} />
        </Chip>
      ))}
      {options.length > 0 && (
        <Adder label={t("ask.strategies.add")} options={options} onAdd={appendPool} />
      )}
    </ul>
  );
}

export function QuestionForm() {
  const asked = question.value;
  if (!asked) return null;
  const notes = notesOf(asked, written.value);
  return (
    <div class="question">
      <Sentence asked={asked} />
      {asked.fields.python.value !== null && <p class="hint">{t("ask.say.help")}</p>}
      <dl class="compare">
        <dt>{t("ask.compare.runtimes")}</dt>
        <dd>
          <Runtimes asked={asked} />
        </dd>
        {asked.work !== "actors" && (
          <>
            <dt>{t("ask.compare.strategies")}</dt>
            <dd>
              <Strategies asked={asked} />
            </dd>
          </>
        )}
      </dl>
      {notes.length > 0 && <p class="hint">{notes.join(" ")}</p>}
    </div>
  );
}
