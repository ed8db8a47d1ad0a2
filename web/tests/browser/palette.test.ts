// SPDX-License-Identifier: MIT
// The palette and the sheet of keys, by keyboard only, on every page.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { runToEnd, submit, testSite, threads, timelineOf, timelineReady } from "./page";

let run: string;
const site = testSite(async (address) => {
  run = timelineOf(await runToEnd(address, threads("Palette")));
});

async function openPalette(page: Page, key = "Control+k"): Promise<void> {
  await page.keyboard.press(key);
  await page.locator(".palette input:focus").waitFor();
}

/** What the field names as chosen is what looks chosen, read at one moment: the list may grow. */
function fieldAndListAgree(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const active = document.querySelector(".palette input")?.getAttribute("aria-activedescendant");
    const chosen = document.querySelectorAll('.palette-option[aria-selected="true"]');
    return chosen.length === 1 && chosen[0]?.id === active;
  });
}

async function choose(page: Page, letters: string, text: string): Promise<void> {
  await page.keyboard.type(letters);
  await page.locator('.palette-option[aria-selected="true"]', { hasText: text }).waitFor();
  assert.ok(await fieldAndListAgree(page));
  await page.keyboard.press("Enter");
  await page.locator(".palette").waitFor({ state: "detached" });
}

test("pages, languages and themes are a few letters away, from everywhere", async () => {
  await site.onPage({}, async (page) => {
    await page.goto(site.address);
    await page.locator(".card").first().waitFor();
    await openPalette(page);
    await choose(page, "gruns", "Go to: Runs");
    await page.waitForURL(/#\/experiments/);
    await page.locator(".runs-search input").focus();
    await openPalette(page);
    await choose(page, "dark", "Theme: dark");
    await page.locator('html[data-theme="dark"]').waitFor();
    assert.ok(await page.locator(".runs-search input:focus").count(), "the focus is where it was");
    await page.locator("#main").focus();
    await openPalette(page, ":");
    await choose(page, "polski", "Language: Polski");
    await page.locator('html[lang="pl"]').waitFor();
    await openPalette(page);
    await choose(page, "jezyk eng", "Język: English");
    await page.locator('html[lang="en"]').waitFor();
  });
});

test("an experiment is found by its name", async () => {
  await site.onPage({}, async (page) => {
    await page.goto(`${site.address}/#/api`);
    await page.locator(".page-title").waitFor();
    await openPalette(page);
    await page.keyboard.type("Palet");
    const option = page.locator(".palette-option", { hasText: "Palette" }).last();
    await option.waitFor();
    for (;;) {
      if ((await option.getAttribute("aria-selected")) === "true") break;
      await page.keyboard.press("ArrowDown");
    }
    await page.keyboard.press("Enter");
    await page.waitForURL(/#\/experiments\/e\d+/);
  });
});

test("commands and lanes of a timeline are in the palette, and its keys wait behind it", async () => {
  await site.onPage({}, async (page) => {
    await page.goto(`${site.address}/#/runs/${run}?hide=0&fold=cores`);
    await timelineReady(page);
    const was = await page.locator(".stage-window").innerText();
    await openPalette(page);
    await choose(page, "zoom in", "Zoom in");
    await page.waitForFunction(
      (text) => document.querySelector<HTMLElement>(".stage-window")?.innerText !== text,
      was,
    );
    await openPalette(page);
    await page.keyboard.type("nothing at all is called so");
    await page.locator(".palette-none", { hasText: "Nothing" }).waitFor();
    await page.keyboard.press("Escape");
    await page.locator(".palette").waitFor({ state: "detached" });
    await openPalette(page);
    await choose(page, "core 0", "core 0");
    await page.locator(".lane-name.is-chosen .lane-text", { hasText: "core 0" }).waitFor();
  });
});

test("all groups are folded and opened by command, in an address that stays short", async () => {
  await site.onPage({}, async (page) => {
    await page.goto(`${site.address}/#/runs/${run}`);
    await timelineReady(page);
    const rows = (): Promise<number> => page.locator(".lane-name").count();
    const all = await rows();
    await openPalette(page);
    await choose(page, "fold all", "Fold all groups of lanes");
    await page.waitForURL(/\?fold=all$/);
    const heads = await rows();
    assert.ok(heads < all);
    await page.locator(".lane-name", { hasText: "Cores" }).locator(".fold").click();
    await page.waitForURL(/fold=all%2Ccores$/);
    await page.reload();
    await timelineReady(page);
    const some = await rows();
    assert.ok(heads < some && some < all);
    await openPalette(page);
    await choose(page, "open all", "Open all groups of lanes");
    await page.waitForURL((url) => !url.hash.includes("fold="));
    assert.equal(await rows(), all);
  });
});

test("what Ask can do is in the palette: an example, the editor, the sliders, and running it", async () => {
  await site.onPage({}, async (page) => {
    await page.goto(site.address);
    await page.locator(".card").first().waitFor();
    const example = (await page.locator(".card-title").nth(2).innerText()).trim();
    await openPalette(page);
    await choose(page, example, example);
    await page.waitForURL(/\?preset=/);
    await page.locator(".composer-head .section-title", { hasText: example }).waitFor();
    const cores = page.locator('[data-slider="cores"]');
    const before = await cores.inputValue();
    await cores.focus();
    await page.keyboard.press(before === "0" ? "End" : "Home");
    await page.locator(".composer-actions", { hasText: "Undo my changes" }).waitFor();
    await openPalette(page);
    await choose(page, "sliders", "Sliders as they were at first");
    await page.waitForFunction(
      (value) => document.querySelector<HTMLInputElement>('[data-slider="cores"]')?.value === value,
      before,
    );
    await openPalette(page);
    await choose(page, "show or hide", "Show or hide the document");
    await page.locator("#document[hidden]").waitFor({ state: "attached" });
    await page.locator("#main").focus();
    await page.keyboard.press("e");
    await page.locator(".code-editor:focus, .editor-input:focus").waitFor();
    await page.goto(`${site.address}/#/`);
    await page.locator(".composer-head .section-title", { hasText: "Your own question" }).waitFor();
    await page.locator("#main").focus();
    await page.keyboard.press("Control+Enter");
    await page.waitForURL(/#\/experiments\/e\d+/);
    const asked = (await (await fetch(`${site.address}/api/v1/experiments`)).json()) as { items: unknown[] };
    assert.equal(asked.items.length, 2, "it was asked once");
    const timeline = page.locator(".cell-action a").first();
    await timeline.waitFor();
    await openPalette(page);
    await choose(page, "metric throughput", "Metric: Throughput");
    await page.waitForURL(/metric=throughput/);
    await openPalette(page);
    await choose(page, "timeline threads", "Timeline: ");
    await page.waitForURL(/#\/runs\/r\d+/);
  });
});

test("what comes after the letters were typed is found, and what was chosen stays chosen", async () => {
  await submit(site.address, threads("Throughput of four"));
  await site.onPage({}, async (page) => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    await page.route(/\/api\/v1\/experiments\/e\d+(\?.*)?$/, async (route) => {
      await released;
      await route.continue();
    });
    await page.goto(`${site.address}/#/experiments/e1`);
    await page.locator(".nav").waitFor();
    await openPalette(page);
    await page.keyboard.type("throughput");
    const chosen = page.locator('.palette-option[aria-selected="true"]', { hasText: "Throughput of four" });
    await chosen.waitFor();
    await page.keyboard.press("ArrowDown");
    release();
    await page.locator(".palette-option", { hasText: "Metric: Throughput" }).waitFor();
    await chosen.waitFor();
    assert.ok(await fieldAndListAgree(page));
  });
});

test("the sheet shows the keys of the page that is open", async () => {
  await site.onPage({}, async (page) => {
    await page.goto(site.address);
    await page.locator(".card").first().waitFor();
    await page.locator("#main").focus();
    await page.keyboard.press("?");
    await page.locator(".sheet[open]").waitFor();
    const few = await page.locator(".sheet-row").count();
    await page.keyboard.press("Escape");
    await page.locator(".sheet").waitFor({ state: "detached" });
    await page.goto(`${site.address}/#/runs/${run}`);
    await timelineReady(page);
    await page.keyboard.press("?");
    await page.locator(".sheet[open]").waitFor();
    assert.ok((await page.locator(".sheet-row").count()) > few + 20);
    await page.keyboard.press("?");
    await page.locator(".sheet").waitFor({ state: "detached" });
  });
});

test("the sheet says that there is more below, until one is there", async () => {
  for (const viewport of [{ width: 1280, height: 500 }, { width: 390, height: 700 }]) {
    await site.onPage({ viewport }, async (page) => {
      await page.goto(`${site.address}/#/runs/${run}`);
      await timelineReady(page);
      await page.keyboard.press("?");
      const more = page.locator(".sheet-more");
      await more.getByText("More below").waitFor();
      // In sight, at the lower edge of what is seen of the sheet.
      const [sheet, word] = [await page.locator(".sheet").boundingBox(), await more.boundingBox()];
      assert.ok(sheet && word && Math.abs(word.y + word.height - sheet.y - sheet.height) <= 2);
      for (let presses = 0; presses < 20 && (await more.isVisible()); presses++) await page.keyboard.press("PageDown");
      await more.waitFor({ state: "hidden" });
      // A key does nothing while the browser still scrolls for the one before.
      for (let presses = 0; presses < 20 && !(await more.isVisible()); presses++) {
        await page.keyboard.press("Home");
        await page.waitForTimeout(50);
      }
      await more.waitFor();
    });
  }
  await site.onPage({}, async (page) => {
    await page.goto(`${site.address}/#/`);
    await page.locator(".sentence").waitFor();
    await page.keyboard.press("?");
    await page.locator(".sheet-row").first().waitFor();
    await page.locator('.sheet-more[data-more="false"]').waitFor({ state: "hidden" });
  });
});
