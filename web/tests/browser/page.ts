// SPDX-License-Identifier: MIT
// What tests of the dashboard do again and again: a server and a browser for a file of tests, a
// fresh page whose console errors fail the test, a document that is run to its end.

import assert from "node:assert/strict";
import { after, before } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { type Server, startBrowser, startServer } from "./server";

export interface Site {
  address: string;
  onPage(
    options: BrowserContextOptions,
    body: (page: Page) => Promise<void>,
    expected?: RegExp,
  ): Promise<void>;
}

/** A server of its own and a browser, from before the first test of a file to after the last. */
export function testSite(setUp?: (address: string) => Promise<void>): Site {
  let server: Server | undefined;
  let browser: Browser | undefined;
  const site: Site = {
    address: "",
    onPage(options, body, expected) {
      assert.ok(browser, "tests only");
      return onPage(browser, options, body, expected);
    },
  };
  before(async () => {
    server = await startServer();
    site.address = server.address;
    browser = await startBrowser();
    await setUp?.(server.address);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
  return site;
}

/** Runs `body` on a fresh page; `expected` names console errors that the test provokes. */
export async function onPage(
  browser: Browser,
  options: BrowserContextOptions,
  body: (page: Page) => Promise<void>,
  expected?: RegExp,
): Promise<void> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: "en-GB",
    colorScheme: "light",
    ...options,
  });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !expected?.test(message.text())) errors.push(message.text());
  });
  try {
    await body(page);
    assert.deepEqual(errors, []);
  } finally {
    await context.close();
  }
}

/** The id of a new experiment, even where there is one of the same document. */
export async function submit(address: string, document: unknown): Promise<string> {
  const answer = await fetch(`${address}/api/v1/experiments?again=true`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(document),
  });
  assert.equal(answer.status, 201, await answer.clone().text());
  return ((await answer.json()) as { id: string }).id;
}

/** Four threads that compute and wait: short, and with every lane that threads have. */
export function threads(name: string): unknown {
  return {
    schema: 1,
    name,
    record: "timeline",
    strategies: [{ threads: 4 }],
    workload: { jobs: { count: 24, steps: [{ python_us: 3000 }, { io_us: 2000 }] } },
  };
}

export interface ExperimentView {
  id: string;
  name: string;
  status: string;
  cells: { runs?: { id: string; has_timeline: boolean }[] }[];
}

/** The experiment of a document when it has ended. */
export async function runToEnd(address: string, document: unknown): Promise<ExperimentView> {
  const id = await submit(address, document);
  for (;;) {
    const answer = await fetch(`${address}/api/v1/experiments/${id}`);
    const view = (await answer.json()) as ExperimentView;
    if (!["queued", "running"].includes(view.status)) return view;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The run with a timeline at `index` among those that have one. */
export function timelineOf(view: ExperimentView, index = 0): string {
  const run = view.cells.flatMap(({ runs }) => runs ?? []).filter((each) => each.has_timeline)[index];
  assert.ok(run, "no run has a timeline");
  return run.id;
}

export async function timelineReady(page: Page): Promise<void> {
  await page.locator('.stage-base[data-ready="yes"]').waitFor();
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => done(null))));
}
