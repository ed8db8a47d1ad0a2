// SPDX-License-Identifier: MIT
// What the server knows and does not change while it runs: presets, models, metrics.

import { computed } from "@preact/signals";
import { getMetrics, getModels, getPresets, type MetricInfo, type Preset } from "../api";
import { wasAskedEarly } from "../lib/early-questions";
import { en } from "../i18n/en";
import { t, tServer } from "./preferences";
import { isPrebuilt } from "./prebuilt";
import { createResource, valueOf } from "./resource";

/* From the plain to the surprising; presets this page does not know come after these. */
const PRESET_ORDER = [
  "gil-two-cpu-threads",
  "no-gil-two-cpu-threads",
  "threads-waiting-for-io",
  "echo-convoy",
  "producers-and-consumers",
  "queue-between-interpreters",
  "objects-shared-by-threads",
  "garbage-collector-pauses",
  "loop-blocked",
  "loop-offloaded",
  "timeout-too-late",
  "asyncio-with-computation",
  "lock-held-across-await",
  "task-group-fails",
  "pool-chunks",
  "requests-200",
  "web-server-deployment",
  "requests-arriving",
];

/** In the order in which they are shown. */
export function inOrder(items: readonly Preset[]): Preset[] {
  const rank = ({ id }: Preset): number => {
    const index = PRESET_ORDER.indexOf(id);
    return index < 0 ? PRESET_ORDER.length : index;
  };
  return [...items].sort((a, b) => rank(a) - rank(b));
}

export const presets = createResource(async () => inOrder(await getPresets()));
export const models = createResource(getModels);
export const metrics = createResource(getMetrics);

/* What was asked for early is there by now or nearly: drawing it at once is sooner than drawing
 * the page without it first. */
const EARLY_MS = 60;
/* A page that is there already has them, and would lose them meanwhile. */
const PREBUILT_MS = 5000;

/** When the answers to early questions are there, or it is time to begin without them. */
export async function earlyCatalogue(): Promise<void> {
  if (!wasAskedEarly()) return;
  const all = Promise.all([presets.reload(), models.reload(), metrics.reload()]);
  const late = new Promise<void>((resolve) => {
    window.setTimeout(resolve, isPrebuilt ? PREBUILT_MS : EARLY_MS);
    // Somebody goes elsewhere.
    window.addEventListener("hashchange", () => resolve(), { once: true });
  });
  await Promise.race([all, late]);
}

const metricsByName = computed(
  () => new Map((valueOf(metrics) ?? []).map((metric) => [metric.name, metric])),
);

export function metricInfo(name: string): MetricInfo {
  const known = metricsByName.value.get(name);
  return known ?? { name, unit: "", meaning: "", better: "neutral" };
}

export function metricTitle(name: string): string {
  return tServer("metric", name, name.replace(/_/g, " "));
}

/** A sentence on what the metric means. */
export function metricMeaning(name: string): string {
  return tServer("metric", `${name}.meaning`, metricInfo(name).meaning);
}

export function presetName(preset: Preset): string {
  return tServer("preset", `${preset.id}.name`, preset.name);
}

const PRESET_NAME = /^preset\.(.+)\.name$/;
const presetIdByName = new Map<string, string>(
  Object.entries(en).flatMap(([key, text]) => {
    const id = PRESET_NAME.exec(key)?.[1];
    return id !== undefined && typeof text === "string" ? [[text, id] as const] : [];
  }),
);

/** The name of a stored experiment; one that still has its example's name is translated. */
export function experimentName(name: string): string {
  const id = presetIdByName.get(name);
  return id === undefined ? name || t("runs.unnamed") : tServer("preset", `${id}.name`, name);
}

export function presetLook(preset: Preset): string {
  return tServer("preset", `${preset.id}.look`, preset.description);
}
