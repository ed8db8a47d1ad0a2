// SPDX-License-Identifier: MIT
// What `redocly lint` says of the contract: its linter as a library, a tenth of the command's size.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { createConfig, lint } from "@redocly/openapi-core";

test("the contract has no problem", async () => {
  const config = await createConfig({
    extends: ["recommended-strict"],
    rules: { "no-unused-components": "off" },
  });
  const contract = join(process.env.GILSCOPE_WEB ?? ".", "../server/openapi.json");
  const problems = await lint({ ref: contract, config });
  const said = problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} (${location[0]?.pointer})`);
  assert.deepEqual(said, []);
});
