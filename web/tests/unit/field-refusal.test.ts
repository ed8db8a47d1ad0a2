// SPDX-License-Identifier: MIT
// What the server refuses, said where the number is typed: in which field, and within which limits
// of that field's own unit.

import assert from "node:assert/strict";
import { test } from "node:test";
import { refusedField, stillHolds } from "../../src/lib/field-refusal";
import { readQuestion } from "../../src/lib/question";

const KNOWN = { cores: 8, withInterval: new Set<string>() };

function document(jobs: object, strategies: readonly unknown[] = []): unknown {
  return { schema: 1, machine: { cores: 4 }, strategies, workload: { jobs } };
}

const outside = (pointer: string, expected: string) => ({
  pointer,
  message: "'{0}' must be {1}, not {2}",
  values: [pointer.split("/").at(-1) ?? "", expected, "0"],
});

test("each number of the sentence has its field, in the field's unit", () => {
  const steps = [{ python_us: 2000 }, { io_us: 50 }, { c_us: 7, gil: "held" }];
  const counted = document({ count: 1, steps });
  const arriving = document({ arrivals: { rate_per_s: 1, for_s: 1 }, steps });
  const whole = "a whole number from 1 to 1000000";
  const time = "a number of microseconds from 0 to 1000000000000, or a distribution";
  const asked = [
    [counted, "/workload/jobs/count", whole, "count", [1, 1e6]],
    [counted, "/machine/cores", "a whole number from 1 to 1024", "cores", [1, 1024]],
    [arriving, "/workload/jobs/arrivals/rate_per_s", "a number from 1e-06 to 1000000", "rate", [1e-6, 1e6]],
    [arriving, "/workload/jobs/arrivals/for_s", "a number of seconds from 1e-06 to 1000000", "seconds", [1e-6, 1e6]],
    [counted, "/workload/jobs/steps/0/python_us", time, "python", [0, 1e9]],
    [counted, "/workload/jobs/steps/1/io_us", time, "wait", [0, 1e9]],
    [counted, "/workload/jobs/steps/2/c_us", time, "c", [0, 1e9]],
  ] as const;
  for (const [of, pointer, expected, place, limits] of asked) {
    assert.deepEqual(refusedField(of, outside(pointer, expected)), { place, limits, isOfField: true }, pointer);
  }
});

test("a size belongs to its pool, whichever of its strategies has it", () => {
  const strategies = ["sequential", { threads: 4 }, { asyncio: 4 }, { threads: 90000 }];
  const found = refusedField(document({}, strategies), outside("/strategies/3/threads", "a whole number from 1 to 10000"));
  assert.deepEqual(found, { place: "pool 1", limits: [1, 10000], isOfField: true });
});

test("a limit of one step of several, or of a law, is not that of their field", () => {
  const time = "a number of microseconds from 0 to 1000, or a distribution";
  const several = document({ steps: [{ c_us: 1, gil: "held" }, { c_us: 1, gil: "released" }] });
  assert.equal(refusedField(several, outside("/workload/jobs/steps/1/c_us", time))?.isOfField, false);
  const drawn = document({ steps: [{ python_us: { dist: "exponential", mean: -1 } }] });
  const inLaw = refusedField(drawn, outside("/workload/jobs/steps/0/python_us/mean", time));
  assert.deepEqual([inLaw?.place, inLaw?.isOfField], ["python", false]);
});

test("what the form does not say is left to the document", () => {
  const of = document({ steps: [{ python_us: 1 }] }, [{ processes: 4, each: { threads: 0 } }]);
  for (const pointer of ["/seed", "/workload/jobs/steps/0/gil", "/strategies/0/each/threads", "/strategies/0", ""]) {
    assert.equal(refusedField(of, outside(pointer, "a whole number from 1 to 2")), null, pointer);
  }
});

test("it holds of another number as long as that is outside, too, and is not known of other refusals", () => {
  const refused = refusedField(document({ count: 0, steps: [] }), outside("/workload/jobs/count", "a whole number from 1 to 50"));
  assert.ok(refused);
  const with_ = (count: number) => {
    const asked = readQuestion(document({ count, steps: [] }), KNOWN);
    assert.ok(asked);
    return asked;
  };
  assert.deepEqual([0, 1, 50, 51].map((count) => stillHolds(refused, with_(count))), [true, false, false, true]);
  const other = refusedField(document({ count: 1 }), {
    pointer: "/workload/jobs/count",
    message: "about {0} jobs would arrive; at most {1} can be run",
    values: ["9", "8"],
  });
  assert.ok(other);
  assert.equal(stillHolds(other, with_(1)), undefined);
});
