// SPDX-License-Identifier: MIT
// The reasons that the page can say are those that the server's source writes.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { loadCatalogue, translateIfKnown } from "../../src/i18n/translate";
import { reasonOf } from "../../src/lib/reasons";

await loadCatalogue("pl");
const root = dirname(process.env.GILSCOPE_WEB ?? process.cwd());

/** The text of each call in `path` that `begins` so, with something in the place of each value. */
function textsOf(path: string, begins: RegExp): string[] {
  const code = readFileSync(join(root, path), "utf8").replace(/"\s*"/g, "");
  return [...code.matchAll(begins)].map((match) =>
    (match[1] ?? "")
      .replace(/%s/g, "3.10")
      .replace(/%(ll|z)?[du]/g, "12")
      .replace(/%\.\d[gf]/g, "1.5e-05"),
  );
}

const UNSUPPORTED = /ERR_UNSUPPORTED,\s*"([^"]+)"/g;
const WRITTEN = /snprintf\((?:text|reason), size,\s*"([^"]+)"/g;
/* Of a program's own exception: its place and what it raised. */
const RAISED = "3.103.103.10";

test("every reason of the engine and the queue is known in both languages", () => {
  const texts = [
    ...textsOf("engine/program/plan.c", UNSUPPORTED),
    ...textsOf("engine/analysis/run.c", WRITTEN),
    ...textsOf("server/jobs/job_queue.c", WRITTEN),
  ].filter((text) => text !== RAISED);
  assert.ok(texts.length >= 15, `${texts.length}`);
  for (const text of texts) {
    const known = reasonOf(text);
    assert.ok(known, text);
    assert.doesNotMatch(translateIfKnown("pl", known.key, known.values) ?? "{", /\{/, text);
    const english = translateIfKnown("en", known.key, known.values);
    assert.equal(english?.replace("0\u202f", ""), text.replace("1.5e-05", "0"), text);
  }
});

test("values are told in the reader's way, versions stay as they are, the unknown is left", () => {
  const limit = reasonOf("stopped at the limit of 2000000 spans");
  assert.equal(
    limit && translateIfKnown("pl", limit.key, limit.values),
    "zatrzymane na granicy 2\u00a0000\u00a0000 odcinków",
  );
  const later = reasonOf("cpython-2.7 has no asyncio.timeout (3.10 and later)");
  assert.deepEqual(later?.values, { runtime: "cpython-2.7", what: "asyncio.timeout", since: "3.10" });
  assert.equal(reasonOf("/workload/x: no such thing"), null);
});
