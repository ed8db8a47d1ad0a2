// SPDX-License-Identifier: MIT
// A run of ten million spans is opened, panned, zoomed and searched: it asks for what is on the
// screen and holds no more than that, wherever one looks.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { openTenMillion } from "../bench/long-run";
import { testSite, timelineReady } from "./page";

/* Of one answer, and of all that the page keeps. */
const ANSWER_BYTES_MAX = 2_000_000;
const HEAP_MB_MAX = 150;
const NODES_MAX = 8000;

const site = testSite();

const plot = (page: Page) => page.locator(".stage-plot");
const seen = (page: Page): Promise<string> => page.locator(".stage-window").innerText();

/** The window has come to rest somewhere else, and is drawn sharp. */
async function moved(page: Page, from: string): Promise<string> {
  await page.waitForFunction(
    (before) =>
      document.querySelector(".stage-window")?.textContent !== before && !document.querySelector(".stage-stale"),
    from,
  );
  return seen(page);
}

async function heapOf(page: Page): Promise<{ megabytes: number; nodes: number }> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize, embedderHeapUsedSize, backingStorageSize } = await session.send("Runtime.getHeapUsage");
  const nodes = await page.evaluate(() => document.getElementsByTagName("*").length);
  return { megabytes: (usedSize + embedderHeapUsedSize + backingStorageSize) / 1e6, nodes };
}

test("a run of ten million spans is opened, panned, zoomed and searched", async () => {
  await site.onPage({}, async (page) => {
    const large: string[] = [];
    page.on("response", async (answer) => {
      if (!/\/timeline\?|\/spans\?|\/search/.test(answer.url())) return;
      const size = (await answer.body().catch(() => Buffer.alloc(0))).length;
      if (size > ANSWER_BYTES_MAX) large.push(`${size} ${answer.url()}`);
    });
    await openTenMillion(page, site.address);
    await timelineReady(page);
    const box = await plot(page).boundingBox();
    assert.ok(box);
    let window = await seen(page);
    /* From 400 s down to microseconds, onwards, and out again. */
    await plot(page).focus();
    await page.mouse.move(box.x + box.width * 0.4, box.y + 60);
    for (let i = 0; i < 3; i++) {
      await page.keyboard.down("Control");
      for (let turn = 0; turn < 4; turn++) await page.mouse.wheel(0, -240);
      await page.keyboard.up("Control");
      window = await moved(page, window);
    }
    for (let i = 0; i < 6; i++) {
      await page.keyboard.press("d");
      window = await moved(page, window);
    }
    await page.keyboard.press("0");
    window = await moved(page, window);
    await page.keyboard.press("/");
    await page.locator(".search-input").fill("worker 7");
    await page.locator(".search select").first().selectOption("wait_gil");
    await page.locator(".search-count", { hasText: /^[\d,]+ .*more|of [\d,]+/ }).waitFor();
    await page.locator(".search-input").press("Enter");
    await page.locator(".details .fact-list").waitFor();
    const first = await page.locator(".details").innerText();
    await page.locator(".search-input").press("Enter");
    await page.waitForFunction((text) => document.querySelector<HTMLElement>(".details")?.innerText !== text, first);
    const { megabytes, nodes } = await heapOf(page);
    assert.deepEqual(large, []);
    assert.ok(megabytes < HEAP_MB_MAX, `${megabytes} MB`);
    assert.ok(nodes < NODES_MAX, `${nodes} elements`);
  });
});
