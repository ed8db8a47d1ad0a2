// SPDX-License-Identifier: MIT
// What is drawn of a counter, wherever its row is.

import { type CounterColumns, counterState } from "../lib/counters";
import { formatNumber } from "../lib/format";
import { lookOf } from "../lib/states";
import { axisOf, columnsIn, counterName } from "../state/counters";
import { language } from "../state/preferences";
import { data, unknownFrom } from "../state/timeline";
import { viewport } from "../state/viewport";
import type { PlacedCounter } from "../timeline/counter-steps";

/** Sharp data where there is some, coarse data around it. */
function partsOf(counter: CounterColumns): PlacedCounter["parts"] {
  const { from, to } = viewport.peek();
  const loaded = data.peek();
  const sharp = columnsIn(loaded, counter);
  if (!loaded || !sharp) return [{ from, to, columns: counter }];
  const inside = { from: Math.max(from, loaded.from), to: Math.min(to, loaded.to) };
  if (inside.from >= inside.to) return [{ from, to, columns: counter }];
  return [
    { from, to: inside.from, columns: counter },
    { ...inside, columns: sharp },
    { from: inside.to, to, columns: counter },
  ].filter((part) => part.to > part.from);
}

/** A counter of the whole run, drawn so high from `top` on. */
export function placedCounter(counter: CounterColumns, top: number, height: number): PlacedCounter {
  const locale = language.peek();
  return {
    top,
    height,
    ...axisOf(counter),
    token: lookOf(counterState(counterName(counter.kind))).token,
    parts: partsOf(counter),
    unknownFrom: unknownFrom(counter.lane),
    label: (value) => formatNumber(value, locale),
  };
}
