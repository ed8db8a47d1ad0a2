// SPDX-License-Identifier: MIT
// How long a time of Python is in each runtime of a document: the document says it for one, its
// reference, and the others run the same code faster or slower.

import { isRecord } from "./grid";
import { labelOf, parseLabel } from "./label";

/* What the server takes where the document says nothing. */
const REFERENCE = "cpython-3.12";
const COST = "python_cost";

/** What the server knows of a runtime. */
export interface RuntimeModel {
  name: string;
  parameters?: readonly { name: string; value: unknown }[];
}

export interface PythonSpeed {
  reference: string;
  /** Labels of the runtimes in which it takes another time, and so many times as long. */
  runtimes: readonly { label: string; factor: number }[];
}

function costOf(label: string, models: readonly RuntimeModel[]): number | null {
  const { name, options } = parseLabel(label);
  const own = options.find(([field]) => field === COST)?.[1];
  const known = models.find((model) => model.name === name)?.parameters?.find((each) => each.name === COST);
  const cost = Number(own ?? known?.value);
  return cost > 0 ? cost : null;
}

/** Null where it is the same in all of them, or not known. */
export function pythonSpeed(document: unknown, models: readonly RuntimeModel[]): PythonSpeed | null {
  const { runtimes = [], reference = REFERENCE } = isRecord(document) ? document : {};
  if (typeof reference !== "string" || !Array.isArray(runtimes)) return null;
  const base = costOf(reference, models);
  if (base === null) return null;
  const others = (runtimes as unknown[]).flatMap((runtime) => {
    const label = labelOf(runtime);
    const cost = costOf(label, models);
    return cost === null || cost === base ? [] : [{ label, factor: cost / base }];
  });
  return others.length > 0 ? { reference, runtimes: others } : null;
}
