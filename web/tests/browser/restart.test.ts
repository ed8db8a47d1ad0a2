// SPDX-License-Identifier: MIT
// The server goes away under an open page and comes back: the page says so, keeps what it shows,
// and goes on by itself.

import assert from "node:assert/strict";
import { cpus } from "node:os";
import { after, afterEach, before, beforeEach, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { type Server, startBrowser, startServer } from "./server";

/* So many cells that all workers are always at work on it. */
const CELLS = Math.max(2, cpus().length);
const ENDLESS = {
  schema: 1,
  name: "Endless",
  repetitions: 1000,
  record: "timeline",
  strategies: Array.from({ length: CELLS }, (_, i) => ({ threads: 8 + i })),
  workload: {
    jobs: { count: 400, steps: [{ repeat: 10, steps: [{ python_us: 300 }, { io_us: 500 }] }] },
  },
};
const QUEUED = { ...ENDLESS, name: "Queued", repetitions: 1 };
const LOST = "The server does not answer; trying again";
/* A browser waits up to some seconds before it tries again. */
const BACK_TIMEOUT = 60_000;

let server: Server;
let browser: Browser;
let page: Page;
let errors: string[];

before(async () => {
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
});

beforeEach(async () => {
  server = await startServer();
  page = await browser.newPage();
  errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
});

afterEach(async () => {
  await page?.close();
  await server?.stop();
});

async function submit(document: object): Promise<string> {
  const answer = await fetch(`${server.address}/api/v1/experiments`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(document),
  });
  assert.equal(answer.status, 201);
  return ((await answer.json()) as { id: string }).id;
}

async function open(id: string, status: string): Promise<void> {
  await page.goto(`${server.address}/#/experiments/${id}`);
  await page.locator(`.page-head .status[data-status="${status}"]`).waitFor();
}

/** All that the page was showing but the progress. */
async function expectShown(name: string): Promise<void> {
  assert.equal(await page.locator("h1").textContent(), name);
  assert.equal(await page.locator(".grid-table tbody tr").count(), CELLS);
  assert.equal(await page.locator(".is-error").count(), 0);
}

test("what waited when the server was killed is seen to end, without a reload", async () => {
  await submit(ENDLESS);
  await open(await submit(QUEUED), "queued");
  await server.end("SIGKILL");
  await page.getByText(LOST).waitFor();
  await expectShown("Queued");
  await server.startAgain();
  await page
    .locator('.page-head .status[data-status="done"]')
    .waitFor({ timeout: BACK_TIMEOUT });
  await page.getByText(LOST).waitFor({ state: "detached" });
  await expectShown("Queued");
  assert.equal(await page.locator('.grid-table .status[data-status="done"]').count(), CELLS);
  assert.deepEqual(errors, []);
});

test("what was at work when the server was stopped is seen as interrupted", async () => {
  await open(await submit(ENDLESS), "running");
  await server.end("SIGTERM");
  await page.getByText(LOST).waitFor();
  await expectShown("Endless");
  await server.startAgain();
  await page
    .locator('.page-head .status[data-status="interrupted"]')
    .waitFor({ timeout: BACK_TIMEOUT });
  await expectShown("Endless");
  assert.deepEqual(errors, []);
});
