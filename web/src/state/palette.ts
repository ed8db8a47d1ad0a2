// SPDX-License-Identifier: MIT
// What the palette finds for what somebody types: commands, places of the page, experiments.

import { computed, effect, signal } from "@preact/signals";
import { type ExperimentSummary, listExperiments } from "../api";
import { fuzzyFind } from "../lib/fuzzy";
import { ALL_RUNS, experimentRoute } from "../lib/route";
import { APP_COMMANDS } from "./app-commands";
import { experimentName } from "./catalogue";
import { overlay, pageCommands } from "./commands";
import { t } from "./preferences";
import { go } from "./router";

const REST_MS = 150;
/* While nothing is typed all of them are there to be read. */
const MOST_COMMANDS = 7;
const MOST_TARGETS = 8;
const MOST_EXPERIMENTS = 6;

export interface Entry {
  key: string;
  text: string;
  /** Places of letters that were typed. */
  at: readonly number[];
  shown: readonly string[];
  act(): void;
}

export interface Section {
  title: string;
  entries: readonly Entry[];
}

export const typed = signal("");
const experiments = signal<readonly ExperimentSummary[]>([]);

let timer = 0;
effect(() => {
  const name = typed.value.trim();
  const isOpen = overlay.value === "palette";
  window.clearTimeout(timer);
  if (!isOpen || name === "") {
    experiments.value = [];
    return;
  }
  timer = window.setTimeout(async () => {
    try {
      const { items } = await listExperiments({ ...ALL_RUNS, name }, null, MOST_EXPERIMENTS);
      if (typed.peek().trim() === name) experiments.value = items;
    } catch {
      experiments.value = []; /* The palette has everything else. */
    }
  }, REST_MS);
});

/** One of each: some commands have two keys. */
function commandEntries(query: string): Entry[] {
  const all = [...pageCommands.value.commands, ...APP_COMMANDS];
  const known = all.filter(({ says }, index) => all.findIndex((other) => other.says === says) === index);
  // Those of the drawing are other keys for what is there already.
  const others = known.filter(({ says, when }) => says !== "key.palette" && when !== "stage");
  const most = query.trim() === "" ? others.length : MOST_COMMANDS;
  return fuzzyFind(others, query, ({ says }) => t(says), most).map(({ item, at }) => ({
    key: item.says,
    text: t(item.says),
    at,
    shown: item.shown,
    act: item.act,
  }));
}

function targetEntries(query: string): Entry[] {
  const list = pageCommands.value.targets?.list() ?? [];
  if (query.trim() === "") return [];
  return fuzzyFind(list, query, ({ text }) => text, MOST_TARGETS).map(({ item, at }) => ({
    ...item,
    at,
    shown: [],
  }));
}

function experimentEntries(): Entry[] {
  return experiments.value.map(({ id, name }) => ({
    key: `experiment-${id}`,
    text: experimentName(name),
    at: [],
    shown: [],
    act: () => go(experimentRoute(id)),
  }));
}

export const sections = computed<readonly Section[]>(() => {
  const query = typed.value;
  const places = pageCommands.value.targets?.says;
  return [
    { title: t("palette.commands"), entries: commandEntries(query) },
    { title: places ? t(places) : "", entries: targetEntries(query) },
    { title: t("palette.experiments"), entries: experimentEntries() },
  ].filter(({ entries }) => entries.length > 0);
});
