// SPDX-License-Identifier: MIT
// The page of the API in a browser: all of the contract, and links that lead to what they name.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { type Server, startBrowser, startServer } from "./server";

interface Contract {
  paths: Record<string, Record<string, { operationId: string }>>;
  components: { schemas: Record<string, unknown> };
}

let server: Server;
let browser: Browser;
let contract: Contract;

before(async () => {
  server = await startServer();
  browser = await startBrowser();
  contract = (await (await fetch(`${server.address}/openapi.json`)).json()) as Contract;
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

async function onPage(options: object, act: (page: Page, scripts: string[]) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ locale: "en", ...options });
  const page = await context.newPage();
  const scripts: string[] = [];
  const said: string[] = [];
  page.on("request", (request) => {
    if (request.url().endsWith(".js")) scripts.push(request.url());
  });
  page.on("console", (message) => {
    if (message.type() === "error") said.push(message.text());
  });
  await act(page, scripts);
  await context.close();
  assert.deepEqual(said, []);
}

test("the page has every operation and every schema", async () => {
  const operations = Object.values(contract.paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  );
  const wanted = [...operations, ...Object.keys(contract.components.schemas)].map((name) => `api-${name}`);
  await onPage({}, async (page) => {
    await page.goto(`${server.address}/#/api`);
    await page.locator(".api-item").first().waitFor();
    const there = await page.locator(".api-item").evaluateAll((items) => items.map(({ id }) => id));
    assert.deepEqual(there.sort(), wanted.sort());
  });
});

test("its script is read when it is wanted, from any page", async () => {
  await onPage({}, async (page, scripts) => {
    const isPage = (path: string): boolean => path.includes("/api-page-");
    await page.goto(server.address);
    await page.locator("main h1").waitFor();
    assert.ok(!scripts.some(isPage));
    await page.locator('.nav-link[href="#/api"]').click();
    await page.locator(".api-item").first().waitFor();
    assert.ok(scripts.some(isPage));
    assert.equal(await page.locator(".nav-link[aria-current]").innerText(), "API");
  });
});

test("a link opens what it names, and so does the keyboard", async () => {
  await onPage({}, async (page) => {
    await page.goto(`${server.address}/#/api/list_experiments`);
    const operation = page.locator("#api-list_experiments[open]");
    await operation.waitFor();
    assert.match(await operation.innerText(), /curl -sS 'http:\/\/127\.0\.0\.1:\d+\/api\/v1\/experiments'/);
    await operation.getByRole("link", { name: "ExperimentItem" }).or(operation.getByRole("link", { name: "Problem" })).first().click();
    await page.locator('details.api-item[open] summary:focus').waitFor();
    assert.match(page.url(), /#\/api\/(ExperimentItem|Problem)$/);
    await page.keyboard.press("Enter");
    assert.equal(await page.locator("details.api-item:has(summary:focus)[open]").count(), 0);
  });
});

test("examples are there when they are wanted", async () => {
  await onPage({}, async (page) => {
    await page.goto(`${server.address}/#/api/list_lanes`);
    const operation = page.locator("#api-list_lanes[open]");
    await operation.waitFor();
    assert.equal(await page.locator(".api-media .disclosure pre").count(), 0);
    await operation.getByText("Example item").click();
    assert.match(await operation.locator(".disclosure[open] pre").innerText(), /^\{\n {2}"id": \d+,\n {2}"kind": "/);
    const lines = page.locator("#api-submit_experiment .disclosure summary");
    assert.equal(await lines.first().textContent(), "Example ");
  });
});

test("no part of it is wider than a phone, all of it open", async () => {
  for (const locale of ["en", "pl"]) {
    await onPage({ viewport: { width: 390, height: 844 }, locale }, async (page) => {
      await page.goto(`${server.address}/#/api`);
      await page.locator(".api-item").first().waitFor();
      await page.locator("details").evaluateAll((items) => {
        for (const item of items) (item as HTMLDetailsElement).open = true;
      });
      await page.waitForFunction(() => document.querySelectorAll(".api-media .disclosure:not(:has(pre))").length === 0);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= 390, `${locale}: ${wide} pixels wide`);
    });
  }
});
