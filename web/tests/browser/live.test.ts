// SPDX-License-Identifier: MIT
// A run that goes on for seconds is looked at from its beginning to its end.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { type Server, startBrowser, startServer } from "./server";

/* Cut off at its limit of spans, long after the page is there. */
const LONG = {
  schema: 1,
  name: "Long",
  limits: { spans: 12_000_000 },
  runtimes: ["cpython-3.12"],
  strategies: [{ threads: 6 }],
  workload: { jobs: { count: 900_000, steps: [{ python_us: 100 }, { io_us: 200 }] } },
};
const END_TIMEOUT = 120_000;

let server: Server;
let browser: Browser;

before(async () => {
  server = await startServer();
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

test("a running run is seen to grow, and then whole", async () => {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  const answer = await fetch(`${server.address}/api/v1/experiments`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(LONG),
  });
  assert.equal(answer.status, 201);
  const { id } = (await answer.json()) as { id: string };
  await page.goto(`${server.address}/#/experiments/${id}`);
  await page.locator(".grid-table tbody .cell-action a").first().click();
  await page.locator(".stage-live").waitFor();
  await page.locator('.stage-base[data-ready="yes"]').waitFor();
  const corner = page.locator(".stage-window");
  const first = await corner.textContent();
  await page.waitForFunction(
    (text) => document.querySelector(".stage-window")?.textContent !== text,
    first,
  );
  assert.match(await page.locator(".stage-live").innerText(), /^Still running/);
  assert.ok((await page.locator(".state-button").count()) > 1);
  await page.locator(".stage-live", { hasText: "The run has ended." }).waitFor({ timeout: END_TIMEOUT });
  await page.locator('.fact .status[data-status="limited"]').waitFor();
  await page.locator(".figure").first().waitFor();
  assert.deepEqual(errors, []);
  await page.close();
});
