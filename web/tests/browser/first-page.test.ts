// SPDX-License-Identifier: MIT
// The first page is in the HTML: it is there before any script has run, in the reader's language
// and theme, and the script takes it over as it is. Where another page is wanted it is not seen.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { testSite } from "./page";

const site = testSite();

const MAIN = /\/assets\/main-[^/]*\.js$/;

/** The page as it is while its script is on its way, and again when it has come. */
async function whileScriptIsLate(page: Page, hash: string, before: () => Promise<void>): Promise<void> {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route(MAIN, async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(`${site.address}/${hash}`, { waitUntil: "commit" });
  // The theme is set by the one script that is not held up.
  await page.locator("html[data-theme] #app").waitFor({ state: "attached" });
  await before();
  release();
  await page.locator("html:not([data-prebuilt]) .page").waitFor();
}

const title = (page: Page) => page.locator("h1.page-title");

for (const [locale, words] of [["en-GB", /Python do with your threads/], ["pl-PL", /Python zrobi z Twoimi/]] as const) {
  test(`without JavaScript the question and the examples are there (${locale})`, async () => {
    await site.onPage({ locale, javaScriptEnabled: false }, async (page) => {
      await page.goto(site.address);
      assert.match(await title(page).innerText(), words);
      assert.equal(await page.locator("html").getAttribute("lang"), locale.slice(0, 2));
      assert.ok(await page.locator(".card").first().isVisible());
      assert.ok((await page.locator(".card").count()) >= 6);
      assert.equal(await page.locator(".sentence .number-field").count(), 5);
      assert.match(await page.locator("noscript").innerText(), /JavaScript/);
    });
  });

  test(`the script takes the page over as it is (${locale})`, async () => {
    await site.onPage({ locale }, async (page) => {
      const parts = [".header", ".page-head", ".composer-head", ".question", ".sliders", ".card-cell:first-child"];
      const looks = () => Promise.all(parts.map((part) => page.locator(part).first().ariaSnapshot()));
      // The preview, which the card is below, is only begun.
      const boxes = () => Promise.all(parts.slice(0, -1).map((part) => page.locator(part).first().boundingBox()));
      let seen: unknown[] = [];
      await whileScriptIsLate(page, "", async () => {
        await page.locator(".card").first().waitFor();
        await page.evaluate(() => document.fonts.ready.then(() => undefined));
        await page.evaluate(() => Object.assign(window, { before: document.querySelector(".card") }));
        seen = [await looks(), await boxes()];
      });
      assert.deepEqual([await looks(), await boxes()], seen);
      assert.ok(await page.evaluate(() => document.querySelector(".card") === (window as { before?: unknown }).before));
    });
  });
}

test("the last part of the HTML is corrected, too, when it comes together with the end", async () => {
  await site.onPage({}, async (page) => {
    // As where the end comes before an observer's callback has its turn.
    await page.addInitScript(() => {
      window.MutationObserver = class extends MutationObserver {
        constructor() {
          super(() => undefined);
        }
      };
    });
    await whileScriptIsLate(page, "", async () => {
      await page.locator("#app .card").last().waitFor({ state: "attached" });
      await page.waitForFunction(() => document.readyState !== "loading");
      assert.equal(await page.locator("[data-style]").count(), 0);
      assert.equal(await page.locator(".number-field").first().getAttribute("style"), "width: 5ch;");
    });
  });
});

test("what is done before the script is there is done when it is", async () => {
  await site.onPage({}, async (page) => {
    const jobs = page.getByLabel("Jobs", { exact: true });
    await whileScriptIsLate(page, "", async () => {
      await jobs.fill("350");
      await page.locator(".skip-link").focus();
      await page.keyboard.press("Enter");
      await page.locator('[data-theme-choice="dark"]').click();
      await page.getByRole("button", { name: "Show the document" }).click();
    });
    await page.locator('html[data-theme="dark"]').waitFor();
    await page.locator("#document").waitFor();
    assert.match(await page.evaluate(() => sessionStorage.getItem("gilscope.draft.own") ?? ""), /"count": 350/);
    assert.equal(await jobs.inputValue(), "350");
    assert.equal(await page.evaluate(() => document.activeElement?.id), "main");
    assert.equal(new URL(page.url()).hash, "");
  });
});

test("a key that is pressed before the script is there counts when it is", async () => {
  await site.onPage({}, async (page) => {
    await whileScriptIsLate(page, "", async () => {
      await page.locator(".card").first().waitFor();
      await page.keyboard.press("Control+k");
    });
    await page.locator(".palette[open]").waitFor();
  });
});

for (const hash of ["#/experiments", "#/api", "#/?preset=echo-convoy", "#/nowhere"]) {
  test(`who goes to ${hash} never sees the first page`, async () => {
    await site.onPage({}, async (page) => {
      await whileScriptIsLate(page, hash, async () => {
        assert.equal(await title(page).isVisible(), false);
        assert.equal(await page.locator(".card").first().isVisible(), false);
      });
    });
  });
}

test("an example that is chosen before the script is there is opened by it", async () => {
  await site.onPage({}, async (page) => {
    await whileScriptIsLate(page, "", async () => {
      await page.locator(".card").first().click();
      await page.waitForURL(/#\/\?preset=/);
    });
    await page.locator('.card[aria-current="true"]').waitFor();
    assert.equal(
      await page.locator(".composer .section-title").innerText(),
      await page.locator('.card[aria-current="true"] .card-title').innerText(),
    );
  });
});

test("the theme and the language that somebody chose are there from the first picture on", async () => {
  await site.onPage({ locale: "pl-PL" }, async (page) => {
    await page.addInitScript(() => localStorage.setItem("gilscope.theme", "dark"));
    const pressed = page.locator('[data-theme-choice][aria-pressed="true"]');
    await whileScriptIsLate(page, "", async () => {
      // The HTML has another one pressed, until the script that comes with it has seen the buttons.
      await page.locator('[data-theme-choice="dark"][aria-pressed="true"]').waitFor();
      assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
      assert.equal(await pressed.count(), 1);
      assert.equal(await pressed.getAttribute("data-theme-choice"), "dark");
    });
    assert.equal(await pressed.getAttribute("data-theme-choice"), "dark");
  });
  await site.onPage({ locale: "pl-PL" }, async (page) => {
    await page.addInitScript(() => localStorage.setItem("gilscope.language", "en"));
    await whileScriptIsLate(page, "", async () => assert.equal(await title(page).isVisible(), false));
    assert.match(await title(page).innerText(), /your threads/);
  });
});

test("who chose another language than the browser's has the page in it from the first picture on", async () => {
  await site.onPage({ locale: "en-GB" }, async (page) => {
    await page.goto(site.address);
    await page.locator("html:not([data-prebuilt])").waitFor();
    await page.locator('.switch-choice[lang="pl"]').click();
    await page.locator('html[lang="pl"]').waitFor();
    await page.goto("about:blank");
    await whileScriptIsLate(page, "", async () => {
      await title(page).waitFor();
      assert.match(await title(page).innerText(), /Python zrobi z Twoimi/);
      assert.equal(await page.locator("html").getAttribute("lang"), "pl");
    });
    await page.locator('.switch-choice[lang="en"]').click();
    await page.locator('html[lang="en"]').waitFor();
    await page.reload();
    assert.match(await title(page).innerText(), /your threads/);
  });
});

test("a language that was chosen without a cookie gets one", async () => {
  await site.onPage({ locale: "en-GB" }, async (page) => {
    await page.goto(`${site.address}/#/api`);
    await page.evaluate(() => localStorage.setItem("gilscope.language", "pl"));
    await page.goto("about:blank");
    await whileScriptIsLate(page, "", async () => assert.equal(await title(page).isVisible(), false));
    await page.goto("about:blank");
    await whileScriptIsLate(page, "", async () => {
      await title(page).waitFor();
      assert.match(await title(page).innerText(), /Python zrobi z Twoimi/);
    });
  });
});

test("a question that was changed is not shown as it was", async () => {
  await site.onPage({}, async (page) => {
    await page.goto(site.address);
    const jobs = page.getByLabel("Jobs", { exact: true });
    await page.locator("html:not([data-prebuilt])").waitFor();
    await jobs.fill("777");
    await page.waitForFunction(() => sessionStorage.getItem("gilscope.draft.own")?.includes("777"));
    await page.goto("about:blank");
    await whileScriptIsLate(page, "", async () => assert.equal(await jobs.isVisible(), false));
    assert.equal(await jobs.inputValue(), "777");
  });
});
