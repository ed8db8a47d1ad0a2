// SPDX-License-Identifier: MIT
// Fingers on the timeline: one moves it, two zoom, and one that has rested drags a range, which is
// what a mouse drags.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { CDPSession, Page } from "playwright-core";
import { runToEnd, testSite, threads, timelineOf, timelineReady } from "./page";

interface Point {
  x: number;
  y: number;
}

let run: string;
const site = testSite(async (address) => {
  run = timelineOf(await runToEnd(address, threads("Touch")));
});

type Touch = (type: "touchStart" | "touchMove" | "touchEnd", ...points: Point[]) => Promise<unknown>;

async function onTouchScreen(body: (page: Page, touch: Touch, at: (share: number) => Point) => Promise<void>) {
  await site.onPage({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }, async (page) => {
    await page.goto(`${site.address}/#/runs/${run}`);
    await timelineReady(page);
    const plot = page.locator(".stage-plot");
    await plot.scrollIntoViewIfNeeded();
    const box = await plot.boundingBox();
    assert.ok(box);
    const session: CDPSession = await page.context().newCDPSession(page);
    const touch: Touch = (type, ...points) =>
      session.send("Input.dispatchTouchEvent", { type, touchPoints: points.map((point, id) => ({ ...point, id })) });
    await body(page, touch, (share) => ({ x: box.x + box.width * share, y: box.y + 40 }));
  });
}

const range = (page: Page): string | undefined => /range=(\d+-\d+)/.exec(page.url())?.[1];

async function drag(touch: Touch, at: (share: number) => Point, from: number, to: number): Promise<void> {
  for (let i = 1; i <= 5; i++) await touch("touchMove", at(from + ((to - from) * i) / 5));
}

test("a finger that rests and then moves drags the range that a mouse drags", async () => {
  let dragged: string | undefined;
  await site.onPage({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }, async (page) => {
    await page.goto(`${site.address}/#/runs/${run}`);
    await timelineReady(page);
    await page.locator(".stage-plot").scrollIntoViewIfNeeded();
    const box = await page.locator(".stage-plot").boundingBox();
    assert.ok(box);
    await page.mouse.move(box.x + box.width * 0.25, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.75, box.y + 40, { steps: 5 });
    await page.mouse.up();
    await page.waitForURL(/range=/);
    dragged = range(page);
  });
  await onTouchScreen(async (page, touch, at) => {
    await touch("touchStart", at(0.25));
    await page.locator(".stage-plot.is-marking").waitFor();
    await drag(touch, at, 0.25, 0.75);
    await touch("touchEnd");
    await page.waitForURL(new RegExp(`range=${dragged}`));
    assert.equal(await page.locator(".stage-plot.is-marking").count(), 0);
    await page.locator(".details.range #range-title").waitFor();
    assert.doesNotMatch(page.url(), /from=/, "the window stays where it is");
  });
});

test("a finger that moves at once moves the window, and a second one ends a range", async () => {
  await onTouchScreen(async (page, touch, at) => {
    await touch("touchStart", at(0.3), at(0.6));
    for (const apart of [0.2, 0.25, 0.3]) await touch("touchMove", at(0.45 - apart), at(0.45 + apart));
    await touch("touchEnd");
    await page.waitForURL(/from=/);
    const before = page.url();
    await touch("touchStart", at(0.7));
    await drag(touch, at, 0.7, 0.3);
    await touch("touchEnd");
    await page.waitForURL((url) => url.href !== before);
    assert.equal(range(page), undefined);
    const window = page.url();
    await touch("touchStart", at(0.3));
    await page.locator(".stage-plot.is-marking").waitFor();
    await touch("touchStart", at(0.3), at(0.6));
    await touch("touchMove", at(0.2), at(0.7));
    await touch("touchEnd");
    await page.waitForURL((url) => url.href !== window);
    assert.equal(range(page), undefined);
  });
});

test("a finger on a word that explains itself shows what it means, whole, until it is put elsewhere", async () => {
  await site.onPage({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }, async (page) => {
    const see = async (words: string, means: RegExp): Promise<void> => {
      await page.locator(".explained-words", { hasText: words }).first().tap();
      const card = page.locator(".explanation:popover-open");
      assert.match(await card.innerText(), means);
      const box = await card.boundingBox();
      assert.ok(box && box.x >= 0 && box.x + box.width <= 390 && box.y >= 0 && box.y + box.height <= 844, JSON.stringify(box));
      await page.locator("h1").tap();
      await card.waitFor({ state: "hidden" });
    };
    await page.goto(`${site.address}/#/runs/${run}`);
    await timelineReady(page);
    await see("Makespan", /./);
    await see("GIL wait", /./);
    await page.goto(`${site.address}/#/`);
    await page.locator(".slider").first().waitFor();
    await see("C code without the GIL", /the jobs have no C code/);
    await see("Switch interval", /sys\.setswitchinterval/);
  });
});
