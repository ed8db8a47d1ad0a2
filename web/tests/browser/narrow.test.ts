// SPDX-License-Identifier: MIT
// On a narrow screen, in both languages: no label is cut without a way to read all of it, and a
// table that is wider than its place fits, or can be scrolled and says so.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { type Look, looksOf, visit } from "./looks";
import { runToEnd, testSite, timelineOf, timelineReady } from "./page";

let looks: Look[];
const site = testSite(async (address) => {
  looks = await looksOf(address);
});

/** Texts that are seen in part only, and have no title, no name and no scroll bar to read them by. */
function cutTexts(): string[] {
  const isCut = (element: Element): boolean => {
    const { overflowX, overflowY } = getComputedStyle(element);
    const wide = /hidden|clip/.test(overflowX) && element.scrollWidth > element.clientWidth + 1;
    const high = /hidden|clip/.test(overflowY) && element.scrollHeight > element.clientHeight + 2;
    return wide || high;
  };
  const hasText = (element: Element): boolean =>
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && (node.textContent ?? "").trim() !== "");
  const found: string[] = [];
  for (const element of document.querySelectorAll("body *")) {
    if (!hasText(element) || element.closest(".visually-hidden, .is-stacking thead, canvas, svg, [title], [hidden]")) continue;
    const box = element.getBoundingClientRect();
    if (box.width < 2 || box.height < 2 || getComputedStyle(element).visibility === "hidden") continue;
    for (let each: Element | null = element; each && each.tagName !== "BODY"; each = each.parentElement) {
      const outer = each.getBoundingClientRect();
      const isOutside = each !== element && (box.right > outer.right + 1 || box.left < outer.left - 1);
      if ((each === element && isCut(each)) || (isOutside && /hidden|clip/.test(getComputedStyle(each).overflowX))) {
        found.push(`${element.className || element.tagName}: ${element.textContent?.trim().slice(0, 60)}`);
        break;
      }
      if (/auto|scroll/.test(getComputedStyle(each).overflowX)) break;
    }
  }
  return [...new Set(found)];
}

test("a lane is called by its whole name, above its bars, which have the whole width", async () => {
  const lanes = await runToEnd(site.address, {
    schema: 1,
    name: "Names",
    record: "timeline",
    strategies: [{ processes: 12 }],
    workload: { jobs: { count: 24, steps: [{ python_us: 3000 }, { io_us: 2000 }] } },
  });
  await site.onPage({ viewport: { width: 390, height: 844 }, hasTouch: true }, async (page) => {
    await page.goto(`${site.address}/#/runs/${timelineOf(lanes)}`);
    await timelineReady(page);
    const plot = await page.locator(".stage-plot").boundingBox();
    assert.ok(plot && plot.x === 0 && plot.width === 390);
    const names = page.locator(".lane-name .lane-text");
    assert.ok((await names.count()) > 10);
    for (const name of await names.all()) {
      const cut = await name.evaluate((text) => {
        const head = text.querySelector(".lane-head");
        return text.scrollWidth > text.clientWidth + 1 || (head !== null && head.scrollWidth > head.clientWidth + 1);
      });
      assert.equal(cut, false, await name.innerText());
    }
    // A finger on a bar selects what is drawn there, and its name is the one above it.
    const row = page.locator(".lane-name", { hasText: "MainThread" }).first();
    await page.locator(".stage-scroll").evaluate((list) => {
      list.scrollIntoView({ block: "center" });
      list.scrollTop = 160;
    });
    const box = await row.boundingBox();
    assert.ok(box);
    await page.touchscreen.tap(195, box.y + box.height - 10);
    await page.locator(".details-lane", { hasText: "MainThread" }).waitFor();
    assert.match((await row.getAttribute("class")) ?? "", /is-chosen/);
  });
});

for (const locale of ["en-GB", "pl-PL"]) {
  test(`no label is cut without a way to read it, 390 pixels wide (${locale})`, async () => {
    const cut: string[] = [];
    await site.onPage({ locale, viewport: { width: 390, height: 844 }, hasTouch: true }, async (page) => {
      for (const look of looks) {
        await visit(page, site.address, look);
        cut.push(...(await page.evaluate(cutTexts)).map((text) => `${look.name}: ${text}`));
        await look.leave?.();
      }
    });
    assert.deepEqual([...new Set(cut)], []);
  });
}

async function openTotals(page: Page) {
  const look = looks.find(({ name }) => name === "timeline");
  assert.ok(look);
  await page.goto(`${site.address}/${look.hash}`);
  await timelineReady(page);
  const frame = page.getByRole("region", { name: /Time in each state|Czas w każdym stanie/ });
  await frame.waitFor();
  return frame;
}

for (const locale of ["en-GB", "pl-PL"]) {
  test(`the table of states fits, and where it cannot its frame is reached and fades (${locale})`, async () => {
    await site.onPage({ locale }, async (page) => {
      const frame = await openTotals(page);
      const [inner, outer] = await frame.evaluate(({ scrollWidth, clientWidth }) => [scrollWidth, clientWidth]);
      assert.ok(inner !== undefined && outer !== undefined && inner <= outer, `${inner} in ${outer}`);
    });
    await site.onPage({ locale, viewport: { width: 390, height: 844 } }, async (page) => {
      const frame = await openTotals(page);
      const isCut = (yes: boolean) =>
        frame.evaluate((element, cut) => {
          const check = (done: () => void): void => {
            if (element.classList.contains("is-cut") === cut) done();
            else requestAnimationFrame(() => check(done));
          };
          return new Promise<void>(check);
        }, yes);
      await isCut(true);
      await frame.focus();
      await frame.evaluate((element) => element.scrollTo(element.scrollWidth, 0));
      await isCut(false);
    });
  });
}
