// SPDX-License-Identifier: MIT
// The sentences of findings against what the server says of its rules and remedies.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { before, test } from "node:test";
import type { Finding, FindingTrial } from "../../src/api";
import { LANGUAGES, loadCatalogue, translateIfKnown } from "../../src/i18n/translate";
import { installBrowser } from "./browser-stub";

const root = dirname(process.env.GILSCOPE_WEB ?? process.cwd());
const source = (path: string): string => readFileSync(join(root, path), "utf8");

let words: typeof import("../../src/views/finding-words");
let preferences: typeof import("../../src/state/preferences");

before(async () => {
  installBrowser();
  words = await import("../../src/views/finding-words");
  preferences = await import("../../src/state/preferences");
  await preferences.languageReady;
});

function rulesOfServer(): string[] {
  return JSON.parse(source("server/openapi.json")).components.schemas.Finding.properties.rule.enum;
}

/** Numbers and names that the server's own sentence of each rule is made of. */
function parametersOfServer(): Map<string, Set<string>> {
  const code = source("server/advice/sentence.c");
  const table = code.slice(code.indexOf("templates[FINDING_COUNT] =") + 26, code.indexOf("/* --- numbers"));
  const rules = new Map<string, Set<string>>();
  for (const entry of table.split("[FINDING_").slice(1)) {
    const name = (/^\w+/.exec(entry)?.[0] ?? "").toLowerCase().replace(/_/g, "-");
    const text = entry.replace(/"\s*"/g, "");
    rules.set(name, new Set([...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "")));
  }
  return rules;
}

test("every rule has a title and a sentence, of the numbers that the server's own has", () => {
  const rules = rulesOfServer();
  const ofServer = parametersOfServer();
  assert.ok(rules.length >= 20);
  assert.deepEqual([...ofServer.keys()].sort(), [...rules].sort());
  for (const language of LANGUAGES) {
    for (const rule of rules) {
      assert.ok(translateIfKnown(language, `finding.rule.${rule}`), `${language} ${rule}`);
      const text = translateIfKnown(language, `finding.text.${rule}`) ?? "";
      const used = new Set([...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? ""));
      assert.deepEqual([...used].sort(), [...(ofServer.get(rule) ?? [])].sort(), `${language} ${rule}`);
    }
  }
});

/** What the server says of each rule's number and of its threshold. */
function tooltipsOfServer(): Map<string, { measures: string; source: string }> {
  const code = source("engine/analysis/finding.c");
  const table = code.slice(code.indexOf("finding_rules[FINDING_COUNT] ="), code.indexOf("evaluate[]"));
  const entries = table.split("[FINDING_").slice(2);
  return new Map(
    entries.map((entry) => {
      const texts = [...entry.replace(/"\s*"/g, "").matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text]) => text ?? "");
      const [rule = "", measures = "", , why = ""] = texts;
      return [rule, { measures, source: why }] as const;
    }),
  );
}

test("what a number is and why its threshold is there is said in each language", async () => {
  const tooltips = tooltipsOfServer();
  assert.deepEqual([...tooltips.keys()].sort(), [...rulesOfServer()].sort());
  for (const [rule, said] of tooltips) {
    for (const what of ["measures", "source"] as const) {
      const key = `finding.${what}.${rule}`;
      assert.equal(translateIfKnown("en", key), said[what], key);
      const polish = (await loadCatalogue("pl"))[key];
      assert.ok(typeof polish === "string" && polish !== said[what], key);
    }
  }
});

test("every remedy has its words", async () => {
  const table = source("server/advice/remedy.c").split("sentences[] = {")[1] ?? "";
  const names = [...table.matchAll(/^ {4}\{"([a-z-]+)"/gm)].map((match) => match[1] ?? "");
  assert.ok(names.length >= 30);
  for (const language of LANGUAGES) {
    const known = Object.keys(await loadCatalogue(language))
      .filter((key) => key.startsWith("finding.remedy."))
      .map((key) => key.slice("finding.remedy.".length));
    assert.deepEqual(known.sort(), [...names].sort(), language);
  }
});

const OVERSUBSCRIBED: Finding = {
  rule: "pool-oversubscribed",
  number: 2.5,
  unit: "ratio",
  meaning: "",
  threshold: 2,
  source: "",
  severity: 0.5,
  proof: { lane: null, from: 0, to: 1_000_000 },
  culprit: null,
  site: null,
  state: null,
  object: null,
  values: { threads: 22, cores: 1, preemptions: 1 },
  text: "in English",
  cycle: [],
  metric: null,
  advice: null,
  tried: [],
};

test("a sentence counts in the reader's language, and a ratio above one is no share", async () => {
  await preferences.chooseLanguage("en");
  assert.equal(
    words.findingWords(OVERSUBSCRIBED).text,
    "2.5 times as many threads waited for a core as there are cores: 22 threads on 1 core; 1 time one had to leave its core.",
  );
  await preferences.chooseLanguage("pl");
  assert.equal(
    words.findingWords(OVERSUBSCRIBED).text,
    "Na rdzeń czekało 2,5 razy tyle wątków, ile jest rdzeni: 22 wątki na 1 rdzeń; opuścić rdzeń trzeba było 1 raz.",
  );
  assert.equal(words.findingFigure(OVERSUBSCRIBED, 2), "2");
});

test("a number that is missing is no claim, and a rule of the future keeps the server's words", async () => {
  await preferences.chooseLanguage("en");
  const missing = { ...OVERSUBSCRIBED, values: { threads: null, cores: 4 } };
  assert.match(words.findingWords(missing).text, /: some on 4 cores; some one had/);
  const future = words.findingWords({ ...OVERSUBSCRIBED, rule: "of-the-future" });
  assert.deepEqual(future, { text: "in English", lang: "en" });
  assert.deepEqual(words.remedyWords({ remedy: "pray", text: "Pray." }), { text: "Pray.", lang: "en" });
});

const TRIAL: FindingTrial = {
  remedy: "use-threads",
  text: "",
  patch: [],
  verdict: "gains",
  reason: null,
  unfinished: 0,
  before: 1_024_000,
  after: 2000,
  ratio: 1 / 512,
  ratio_low: null,
  ratio_high: null,
  gain: 511 / 512,
};

test("a gain is a share or says what is how many times as long as what", async () => {
  const { metrics } = await import("../../src/state/catalogue");
  metrics.state.value = {
    status: "ready",
    value: [
      { name: "makespan_us", unit: "us", meaning: "", better: "lower" },
      { name: "throughput_per_s", unit: "1/s", meaning: "", better: "higher" },
    ],
  };
  const makespan = (trial: Partial<FindingTrial>) => words.changeWords("makespan_us", { ...TRIAL, ...trial });
  const throughput = { before: 2, after: 1024, ratio: 512, gain: 511 };
  await preferences.chooseLanguage("en");
  assert.equal(makespan({}), "Makespan 2\u202fms instead of 1.02\u202fs, which is 512 times as long.");
  assert.equal(
    makespan({ before: 1e6, after: 680_000, ratio: 0.68, gain: 0.32 }),
    "Makespan 680\u202fms instead of 1\u202fs: 32\u202f% better.",
  );
  assert.equal(
    makespan({ before: 1e6, after: 3e6, ratio: 3, gain: -2 }),
    "Makespan 3\u202fs instead of 1\u202fs: 3 times as long.",
  );
  assert.equal(makespan({ after: 0, ratio: 0, gain: 1 }), "Makespan 0\u202fns instead of 1.02\u202fs: 100\u202f% better.");
  assert.equal(
    words.changeWords("throughput_per_s", { ...TRIAL, ...throughput }),
    "Throughput 1,024\u202f/s instead of 2\u202f/s: 512 times as much.",
  );
  await preferences.chooseLanguage("pl");
  assert.match(makespan({}) ?? "", /zamiast .*: 512 razy krócej\.$/);
  assert.match(makespan({ before: 1e6, after: 2.5e6, ratio: 2.5, gain: -1.5 }) ?? "", /: 2,5 raza dłużej\.$/);
});
