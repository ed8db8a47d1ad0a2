// SPDX-License-Identifier: MIT
// What tests of the dashboard do again and again: a fresh page whose console errors fail the test,
// a document that is run to its end.

import assert from "node:assert/strict";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";

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

export async function submit(address: string, document: unknown): Promise<string> {
  const answer = await fetch(`${address}/api/v1/experiments`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(document),
  });
  assert.equal(answer.status, 201, await answer.clone().text());
  return ((await answer.json()) as { id: string }).id;
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

/** The first run with a timeline. */
export function timelineOf(view: ExperimentView): string {
  const run = view.cells.flatMap(({ runs }) => runs ?? []).find((each) => each.has_timeline);
  assert.ok(run, "no run has a timeline");
  return run.id;
}

export async function timelineReady(page: Page): Promise<void> {
  await page.locator('.stage-base[data-ready="yes"]').waitFor();
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => done(null))));
}
