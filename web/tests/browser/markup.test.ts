// SPDX-License-Identifier: MIT
// Markup in every text of a document, and in addresses: shown as text, never executed.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { type Server, startBrowser, startServer } from "./server";

const MARKUP = `"><img src=x onerror=owned=1>`;
const LONG_MARKUP = `${MARKUP}<script>owned=1</script><svg onload=owned=1>`;
const DOCUMENT = {
  schema: 1,
  name: LONG_MARKUP,
  description: LONG_MARKUP,
  record: "timeline",
  workload: {
    actors: [
      { name: MARKUP, thread: 2, steps: [{ python_us: 5000 }, { io_us: 100 }] },
      { name: `${MARKUP}2`, thread: 1, steps: [{ python_us: 5000 }] },
    ],
  },
};

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

async function expectText(page: Page): Promise<void> {
  assert.equal(await page.evaluate(() => "owned" in window), false);
  assert.equal(await page.locator('img[src="x"]').count(), 0);
}

test("markup in the texts of a document and in addresses is only text", async () => {
  const page = await browser.newPage();
  const answer = await fetch(`${server.address}/api/v1/experiments`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(DOCUMENT),
  });
  assert.equal(answer.status, 201, await answer.clone().text());
  const { id } = (await answer.json()) as { id: string };
  await page.goto(`${server.address}/#/experiments`);
  await page.locator(".row-link", { hasText: "<img src=x" }).waitFor();
  await expectText(page);
  await page.goto(`${server.address}/#/experiments/${id}`);
  await page.locator(".grid-table tbody .cell-action a").first().click();
  await page.locator('.stage-base[data-ready="yes"]').waitFor();
  await expectText(page);
  await page.goto(`${server.address}/#/${encodeURIComponent(LONG_MARKUP)}`);
  await page.locator(".empty-text").waitFor();
  await expectText(page);
  await page.close();
});
