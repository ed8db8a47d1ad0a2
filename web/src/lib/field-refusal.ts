// SPDX-License-Identifier: MIT
// What the server has against a number of the form: which field stands for it, and from where to
// where it may go, in the field's own unit. The limits are those that the server says.

import { type Pool, poolsOf } from "./pools";
import { fieldAt, type FieldName, type Question } from "./question";

/** A field of the sentence, or that of a pool's sizes, by the pool's first place. */
export type FieldPlace = FieldName | `pool ${number}`;

export interface Refused {
  place: FieldPlace;
  /** Null: it is refused for something else. */
  limits: readonly [number, number] | null;
  /** Whether the limits are those of the field's number, not of a step that is a part of it. */
  isOfField: boolean;
}

/** What a problem of the server says, as far as it matters here. */
interface Problem {
  pointer: string;
  message: string;
  values: readonly string[];
}

const OUT_OF_RANGE = "'{0}' must be {1}, not {2}";
const RANGE = /^a (?:whole )?number(?: of \w+)? from (\S+) to ([^\s,]+)/;

function limitsOf({ message, values }: Problem): readonly [number, number] | null {
  const [, least, most] = (message === OUT_OF_RANGE && RANGE.exec(values[1] ?? "")) || [];
  return least === undefined || most === undefined ? null : [Number(least), Number(most)];
}

export function poolPlace({ places }: Pool): FieldPlace {
  return `pool ${places[0] ?? 0}`;
}

function poolAt(document: unknown, pointer: string): Pool | undefined {
  const [, place, member] = /^\/strategies\/(\d+)\/(\w+)$/.exec(pointer) ?? [];
  return poolsOf(document).find(({ places, kind }) => kind === member && places.includes(Number(place)));
}

/** Null where no field of the form stands for the number. */
export function refusedField(document: unknown, problem: Problem): Refused | null {
  const limits = limitsOf(problem);
  const pool = poolAt(document, problem.pointer);
  if (pool) return { place: poolPlace(pool), limits, isOfField: true };
  const at = fieldAt(document, problem.pointer);
  if (!at) return null;
  return {
    place: at.name,
    limits: limits && [limits[0] / at.factor, limits[1] / at.factor],
    isOfField: at.isWhole,
  };
}

function numbersIn({ fields, pools }: Question, place: FieldPlace): readonly number[] {
  const pool = pools.find((each) => poolPlace(each) === place);
  if (pool) return pool.sizes;
  const value = fields[place as FieldName]?.value ?? null;
  return value === null ? [] : [value];
}

/** Whether it still holds of what stands in the field now; undefined: one cannot tell. */
export function stillHolds({ place, limits, isOfField }: Refused, asked: Question): boolean | undefined {
  if (!limits || !isOfField) return undefined;
  return numbersIn(asked, place).some((value) => value < limits[0] || value > limits[1]);
}
