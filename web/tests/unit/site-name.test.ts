// SPDX-License-Identifier: MIT
// What steps are called, in places of every kind.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { enFindings } from "../../src/i18n/en-findings";
import { addEnglish } from "../../src/i18n/translate";
import { installBrowser } from "./browser-stub";

let siteName: typeof import("../../src/state/site-name").siteName;
let stepAt: typeof import("../../src/state/site-name").stepAt;
let preferences: typeof import("../../src/state/preferences");

const ACTORS = {
  workload: {
    actors: [
      { name: "spinner", thread: 2, steps: [{ forever: [{ python_us: 10_000 }] }] },
      {
        name: "server",
        event_loop: 1,
        tasks: [
          { name: "beat", steps: [{ await_sleep_us: 10_000 }] },
          {
            name: "report",
            steps: [{ repeat: 10, steps: [{ with: "database", steps: [{ await_io_us: 5000 }] }, { python_us: 30_000 }] }],
          },
        ],
      },
    ],
  },
};
const JOBS = { workload: { jobs: { steps: [{ io_us: { dist: "constant", value: 1 } }, { gil: "held", c_us: 1500 }] } } };

before(async () => {
  installBrowser();
  ({ siteName, stepAt } = await import("../../src/state/site-name"));
  preferences = await import("../../src/state/preferences");
  await preferences.languageReady;
  addEnglish(enFindings);
});

/* Spaces of any width count as one. */
const called = (document: unknown, pointer: string, point = {}): string =>
  siteName({ document, point }, pointer).replace(/\s/g, " ");

test("a step is called by what it does, its number and whose it is", async () => {
  await preferences.chooseLanguage("en");
  const report = "/workload/actors/1/tasks/1/steps/0/steps";
  assert.equal(called(ACTORS, "/workload/actors/0/steps/0/forever/0"), "“Python 10 ms” in step 1.1 of spinner");
  assert.equal(called(ACTORS, `${report}/1`), "“Python 30 ms” in step 1.2 of report");
  assert.equal(called(ACTORS, `${report}/0`), "“with database” in step 1.1 of report");
  assert.equal(called(ACTORS, `${report}/0/steps/0`), "“awaited I/O 5 ms” in step 1.1.1 of report");
  assert.equal(called(ACTORS, "/workload/actors/1/tasks/1/steps/0"), "“repetitions 10” in step 1 of report");
  assert.equal(called(JOBS, "/workload/jobs/steps/0"), "“waiting” in step 1 of a job");
  assert.equal(called(JOBS, "/workload/jobs/steps/1"), "“C code 1.5 ms” in step 2 of a job");
  await preferences.chooseLanguage("pl");
  assert.equal(called(ACTORS, `${report}/1`), "„Python 30 ms” w kroku 1.2, report");
  assert.equal(called(JOBS, "/workload/jobs/steps/1"), "„kod w C 1,5 ms” w kroku 2 zadania");
});

test("a step is what the document has, with what a sweep has put into it", () => {
  const pointer = "/workload/jobs/steps/1";
  assert.deepEqual(stepAt({ document: JOBS, point: {} }, pointer), { gil: "held", c_us: 1500 });
  assert.deepEqual(stepAt({ document: JOBS, point: { [`${pointer}/c_us`]: 9 } }, pointer), { gil: "held", c_us: 9 });
  assert.deepEqual(stepAt({ document: JOBS, point: { [pointer]: { c_us: 1 } } }, pointer), { c_us: 1 });
  assert.equal(stepAt({ document: JOBS, point: {} }, "/workload/jobs/steps/9"), undefined);
});

test("a value that a sweep sets is that of the cell", async () => {
  await preferences.chooseLanguage("en");
  const pointer = "/workload/jobs/steps/1";
  assert.equal(called(JOBS, pointer, { [`${pointer}/c_us`]: 2000 }), "“C code 2 ms” in step 2 of a job");
  assert.equal(called(JOBS, pointer, { [pointer]: { python_us: 40 } }), "“Python 40 µs” in step 2 of a job");
});

test("what the document does not have keeps its pointer", () => {
  assert.equal(called(JOBS, "/workload/jobs/steps/7"), "/workload/jobs/steps/7");
  assert.equal(called(undefined, "/workload/jobs/steps/0"), "/workload/jobs/steps/0");
});
