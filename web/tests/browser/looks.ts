// SPDX-License-Identifier: MIT
// Every page with real content, and what opens on it: what is looked at as a whole is looked at
// on all of these.

import type { Page } from "playwright-core";
import { runToEnd, submit, timelineOf, timelineReady } from "./page";

const GRID = {
  schema: 1,
  name: "Accessible",
  goal: "makespan_us",
  record: "timeline",
  repetitions: 2,
  runtimes: ["cpython-3.12", "cpython-3.14t"],
  strategies: [{ threads: 2 }, { threads: 4 }, { asyncio: 4 }],
  gate: [{ metric: "cpu_us", max: 1 }],
  workload: { jobs: { count: 24, steps: [{ python_us: 3000 }, { io_us: 2000 }] } },
};
const LONG = {
  schema: 1,
  name: "Long",
  record: "summary",
  repetitions: 1000,
  strategies: [{ threads: 2 }],
  workload: { jobs: { count: 20000, steps: [{ python_us: 100 }, { io_us: 200 }] } },
};

/** A page, and what is to be there before it is looked at. */
export interface Look {
  name: string;
  hash: string;
  ready(page: Page): Promise<unknown>;
  /** Afterwards. */
  leave?(): Promise<unknown>;
}

/** Fills the server at `address` with what they show. */
export async function looksOf(address: string): Promise<Look[]> {
  const grid = await runToEnd(address, GRID);
  const run = timelineOf(grid);
  await fetch(`${address}/api/v1/runs/${run}/notes`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text: "A note", from: 5_000_000, to: 9_000_000 }),
  });
  let long = "";
  const timeline = `#/runs/${run}`;
  const seen = (selector: string) => (page: Page) => page.locator(selector).first().waitFor();
  const press = (key: string, selector: string) => async (page: Page) => {
    await timelineReady(page);
    await page.keyboard.press(key);
    await page.locator(selector).first().waitFor();
  };
  return [
    { name: "ask", hash: "#/", ready: seen(".card") },
    { name: "composer", hash: "#/?preset=echo-convoy", ready: seen(".composer .button.is-primary") },
    {
      name: "runs",
      hash: "#/experiments",
      async ready(page) {
        long = await submit(address, LONG);
        await page.locator('.queue-entry[data-status="running"]').waitFor();
      },
      leave: () => fetch(`${address}/api/v1/experiments/${long}/cancel`, { method: "POST" }),
    },
    { name: "no runs", hash: "#/experiments?name=zzz", ready: seen(".empty") },
    { name: "grid", hash: `#/experiments/${grid.id}`, ready: seen(".grid-table tbody tr") },
    { name: "timeline", hash: timeline, ready: timelineReady },
    {
      name: "span",
      hash: `${timeline}?pin=7&only=wait_gil&range=5000000-9000000`,
      async ready(page) {
        await timelineReady(page);
        await page.locator(".stage-plot").focus();
        await page.keyboard.press("ArrowDown");
        await page.locator(".details .fact-list").waitFor();
      },
    },
    {
      name: "table",
      hash: timeline,
      async ready(page) {
        await timelineReady(page);
        await page.locator(".span-table summary").click();
        await page.locator(".span-table tbody tr").first().waitFor();
      },
    },
    { name: "search", hash: timeline, ready: press("/", ".search-input") },
    { name: "note", hash: timeline, ready: press("n", ".note-text-field") },
    { name: "palette", hash: timeline, ready: press("Control+k", ".palette-option") },
    { name: "keys", hash: timeline, ready: press("?", ".sheet-row") },
    { name: "api", hash: "#/api", ready: seen(".page-title") },
    { name: "operation", hash: "#/api/get_run", ready: seen(".page-title") },
    { name: "missing", hash: "#/nowhere", ready: seen(".empty-title") },
  ];
}

export async function visit(page: Page, address: string, look: Look): Promise<void> {
  await page.goto("about:blank");
  await page.goto(`${address}/${look.hash}`);
  await look.ready(page);
  await page.evaluate(() => document.fonts.ready.then(() => undefined));
}
