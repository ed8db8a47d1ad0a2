// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { enFindings } from "../../src/i18n/en-findings";
import { refusals } from "../../src/i18n/refusals-pl";
import { schemaWords } from "../../src/i18n/schema-pl";
import {
  addEnglish,
  type Catalogue,
  type Language,
  LANGUAGES,
  loadCatalogue,
  type Message,
  preferredLanguage,
  regionalTag,
  translate,
  translateIfKnown,
} from "../../src/i18n/translate";
import { KNOWN_STATES } from "../../src/lib/states";

addEnglish(enFindings);
const catalogues: Record<Language, Catalogue> = {
  en: await loadCatalogue("en"),
  pl: await loadCatalogue("pl"),
};
const textsOf = (message: Message): string[] =>
  typeof message === "string" ? [message] : Object.values(message);
const parametersOf = (text: string): string[] =>
  [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1] ?? "").sort();

test("every catalogue has the same keys", () => {
  const reference = Object.keys(catalogues.en).sort();
  for (const language of LANGUAGES) {
    assert.deepEqual(Object.keys(catalogues[language]).sort(), reference, language);
  }
});

test("no message is empty, and every form has the parameters of the English one", () => {
  for (const language of LANGUAGES) {
    const catalogue: Catalogue = catalogues[language];
    for (const [key, message] of Object.entries(catalogue)) {
      const english = textsOf(catalogues.en[key] as Message)[0] ?? "";
      for (const text of textsOf(message)) {
        assert.notEqual(text.trim(), "", `${language} ${key}`);
        assert.deepEqual(parametersOf(text), parametersOf(english), `${language} ${key}`);
      }
    }
  }
});

test("plural messages have every form that their language can ask for", () => {
  for (const language of LANGUAGES) {
    const { pluralCategories } = new Intl.PluralRules(language).resolvedOptions();
    for (const [key, message] of Object.entries(catalogues[language])) {
      if (typeof message === "string") continue;
      assert.deepEqual(
        Object.keys(message).sort(),
        [...pluralCategories].sort(),
        `${language} ${key}`,
      );
    }
  }
});

/* One word for one thing, that which Polish programmers use. A clock ("zegar procesora") is none of
 * a timer, and a counter ("licznik") neither. */
const NOT_POLISH: readonly { said: RegExp; instead: string }[] = [
  { said: /wywoła\p{L}* zwrotn/iu, instead: "callback" },
  { said: /zegar(?!\p{L}* procesora|owe)/iu, instead: "timer" },
  { said: /liczni\p{L}* czasu/iu, instead: "timer" },
  { said: /czasomierz|minutnik/iu, instead: "timer" },
  { said: /pacz(?:k|ek)/iu, instead: "porcja" },
  { said: /rekomend/iu, instead: "zalecenie" },
  { said: /wejści\p{L}*[/-]wyjści/iu, instead: "I/O" },
  { said: /odwoła(?:nie|nia|ń|niom|niami)(?!\p{L})/iu, instead: "referencja" },
  { said: /przyby|napływ/iu, instead: "przychodzić" },
  { said: /garbage collector/iu, instead: "odśmiecacz" },
];

test("Polish has one word for one thing", () => {
  const texts = [
    ...Object.entries(catalogues.pl).flatMap(([key, message]) => textsOf(message).map((text) => [key, text] as const)),
    ...Object.entries(schemaWords),
    ...[refusals.sentences, refusals.phrases, refusals.kinds, refusals.notModelled].flatMap((part) => Object.entries(part)),
  ];
  for (const { said, instead } of NOT_POLISH) {
    const wrong = texts.filter(([, text]) => said.test(text)).map(([key, text]) => `${key}: ${text}`);
    assert.deepEqual(wrong, [], `say ${instead}`);
  }
});

test("Polish counts as Poles do", () => {
  const cells = (count: number): string => translate("pl", "ask.shape.cells", { count });
  assert.deepEqual([1, 2, 5, 12, 22, 25].map(cells), [
    "1 komórka",
    "2 komórki",
    "5 komórek",
    "12 komórek",
    "22 komórki",
    "25 komórek",
  ]);
});

test("values are filled in, unknown ones stay visible", () => {
  assert.equal(translate("en", "ask.goto", { line: "7" }), "Line 7");
  assert.equal(translate("en", "ask.goto"), "Line {line}");
  assert.equal(translateIfKnown("en", "state.of-the-future"), null);
  assert.equal(translateIfKnown("en", "toString"), null);
});

test("the browser's languages decide, in their order", () => {
  assert.equal(preferredLanguage(["de-DE", "pl-PL", "en"]), "pl");
  assert.equal(preferredLanguage(["EN-gb", "pl"]), "en");
  assert.equal(preferredLanguage(["de", "fr"]), "en");
});

test("every state that is drawn has its word", () => {
  for (const language of LANGUAGES) {
    for (const state of KNOWN_STATES) {
      assert.ok(translateIfKnown(language, `state.${state}`), `${language} ${state}`);
    }
  }
});

test("dates are those of where the reader lives, in the language of the page", () => {
  assert.equal(regionalTag("en", ["pl-PL", "en-GB", "en-US"]), "en-GB");
  assert.equal(regionalTag("pl", ["en-GB"]), "pl");
});
