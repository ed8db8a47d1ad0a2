// SPDX-License-Identifier: MIT
// Why a time of Python is not the same in each runtime: the reader's own time in each of them, and
// for which one it is meant.

import { useEffect } from "preact/hooks";
import { formatDuration } from "../lib/format";
import { pythonSpeed } from "../lib/python-speed";
import { readQuestion } from "../lib/question";
import { models } from "../state/catalogue";
import { runtimeName } from "../state/names";
import { language, t } from "../state/preferences";
import { valueOf } from "../state/resource";
import { Explained } from "./explained";

const NS_PER_MS = 1e6;
const NOTHING = { cores: null, withInterval: new Set<string>() };

/** What a job has of Python, in milliseconds; 1 where that cannot be said. */
function pythonOf(document: unknown): number {
  return readQuestion(document, NOTHING)?.fields.python.value || 1;
}

export function PythonSpeed({ document }: { document: unknown }) {
  useEffect(() => models.ensure(), []);
  const speed = pythonSpeed(document, valueOf(models)?.items ?? []);
  if (!speed) return null;
  const ns = pythonOf(document) * NS_PER_MS;
  const time = (factor: number): string => formatDuration(ns * factor, language.value);
  const list = speed.runtimes
    .map(({ label, factor }) => t("ask.speed.item", { time: time(factor), runtime: runtimeName(label) }))
    .join(", ");
  return (
    <Explained says={t("ask.speed.why", { reference: runtimeName(speed.reference) })}>
      {t("ask.speed", { time: time(1), list })}
    </Explained>
  );
}
