// SPDX-License-Identifier: MIT
// Without a network: a page that is opened says so and tries again when it is told to; a page that
// is open keeps all it shows, says what it could not do, and does it once the network is back.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { type Look, looksOf } from "./looks";
import { testSite, timelineReady } from "./page";

/* What the browser itself writes on its console for every request that fails. */
const NO_NETWORK = /net::ERR_|Failed to load resource/;
const PAGES = ["ask", "no runs", "grid", "timeline", "api"];

let looks: Look[];
const site = testSite(async (address) => {
  looks = (await looksOf(address)).filter(({ name }) => PAGES.includes(name));
});

/* The scripts are there, as they are in the cache of a browser; nothing that they ask for is. */
const UNREACHABLE = /\/api\/v1\/|\/openapi\.json|\/healthz/;

for (const locale of ["en-GB", "pl-PL"]) {
  test(`a page that cannot reach the server says so, and is whole when it can (${locale})`, async () => {
    assert.equal(looks.length, PAGES.length);
    for (const look of looks) {
      await site.onPage(
        { locale, colorScheme: locale === "pl-PL" ? "dark" : "light" },
        async (page) => {
          await page.route(UNREACHABLE, (route) => route.abort("connectionrefused"));
          await page.goto(`${site.address}/${look.hash}`);
          const alert = page.locator('.empty[role="alert"]').first();
          await alert.waitFor();
          const said = await alert.innerText();
          assert.match(said, /server|serwer/i, `${look.name}: ${said}`);
          assert.equal(await alert.locator("button").count(), 1, `${look.name} has no way to try again`);
          await page.unroute(UNREACHABLE);
          await look.ready(page);
          await alert.waitFor({ state: "detached" });
          await page.locator(".away").waitFor({ state: "detached" });
        },
        NO_NETWORK,
      );
    }
  });
}

async function withoutNetwork(page: Page, body: () => Promise<void>): Promise<void> {
  await page.context().setOffline(true);
  await body();
  await page.context().setOffline(false);
}

const lookAt = (name: string): Look => {
  const look = looks.find((each) => each.name === name);
  assert.ok(look);
  return look;
};

test("a question is not lost: Run says that the server is away, and works when it is back", async () => {
  await site.onPage(
    {},
    async (page) => {
      await page.goto(`${site.address}/#/`);
      await page.locator(".card").first().waitFor();
      const run = page.locator(".composer .button.is-primary");
      const text = await page.locator(".composer").innerText();
      await withoutNetwork(page, async () => {
        await run.click();
        await page.locator('.composer [role="alert"]', { hasText: /server/i }).first().waitFor();
        assert.ok(await run.isEnabled());
        assert.equal((await page.locator(".composer h2").first().innerText()).length > 0, true);
        assert.ok(text.includes(await page.locator(".composer h2").first().innerText()));
      });
      await page.locator('.composer [role="alert"]').waitFor({ state: "detached" });
      await run.click();
      await page.waitForURL(/#\/experiments\/e\d+/);
    },
    NO_NETWORK,
  );
});

test("a timeline that is open stays, says what it could not read, and reads it when it can", async () => {
  await site.onPage(
    {},
    async (page) => {
      await page.goto(`${site.address}/${lookAt("timeline").hash}`);
      await timelineReady(page);
      const lanes = await page.locator(".lane-name").count();
      await withoutNetwork(page, async () => {
        await page.keyboard.press("w");
        for (let i = 0; i < 8; i++) await page.keyboard.press("w");
        await page.locator(".away").waitFor();
        assert.equal(await page.locator(".lane-name").count(), lanes);
        await page.keyboard.press("n");
        await page.locator(".note-text-field").fill("Kept while there is no network");
        await page.keyboard.press("Control+Enter");
        await page.locator('.notes [role="alert"]').first().waitFor();
        assert.equal(await page.locator(".note-text-field").inputValue(), "Kept while there is no network");
      });
      await page.locator(".away").waitFor({ state: "detached" });
      await page.locator('.notes [role="alert"]').waitFor({ state: "detached" });
      await page.locator(".note-text-field").press("Control+Enter");
      await page.locator(".note", { hasText: "Kept while there is no network" }).waitFor();
    },
    NO_NETWORK,
  );
});

/** Where it is seen, whatever is below: within the window and right under the header. */
async function expectNotice(page: Page, name: string, words: RegExp): Promise<void> {
  const notice = page.locator('[role="status"] .away');
  await notice.waitFor();
  assert.match(await notice.innerText(), words, name);
  const [box, header] = [await notice.boundingBox(), await page.locator(".header").boundingBox()];
  assert.ok(box && header, name);
  assert.ok(Math.abs(box.y - header.y - header.height) <= 1, `${name}: ${box.y}`);
  assert.ok(box.x >= 0 && box.x + box.width <= (page.viewportSize()?.width ?? 0), name);
  assert.equal(await notice.evaluate(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth), false, name);
}

/* Nothing is under way on any of them, so that only a small question finds it out. */
for (const [locale, width, words] of [["en-GB", 1280, /does not answer/], ["pl-PL", 390, /nie odpowiada/]] as const) {
  test(`an idle page says that the server went away, and that it is back (${locale}, ${width} pixels)`, async () => {
    // Each waits for its next small question: together that is once.
    const seen = looks.map((look) =>
      site.onPage(
        { locale, viewport: { width, height: 800 } },
        async (page) => {
          await page.goto(`${site.address}/${look.hash}`);
          await look.ready(page);
          // The list of runs listens for as long as it is open.
          if (look.name !== "no runs") await page.waitForLoadState("networkidle");
          const top = await page.locator("h1, h2").first().boundingBox();
          await withoutNetwork(page, () => expectNotice(page, look.name, words));
          await page.locator(".away").waitFor({ state: "detached" });
          assert.deepEqual(await page.locator("h1, h2").first().boundingBox(), top, `${look.name} was moved`);
          assert.equal(await page.locator('[role="alert"]').count(), 0, look.name);
        },
        NO_NETWORK,
      ),
    );
    await Promise.all(seen);
  });
}

test("a page of an earlier dashboard is loaded again where the server has a later one", async () => {
  await site.onPage(
    {},
    async (page) => {
      await page.goto(`${site.address}/#/`);
      await page.locator("html:not([data-prebuilt]) .composer").waitFor();
      await page.evaluate(() => Object.assign(window, { isFirst: true }));
      const GONE = /assets\/runs-page-/;
      await page.route(GONE, (route) => route.fulfill({ status: 404, body: "" }));
      await page.route(`${site.address}/`, async (route) => {
        if (route.request().resourceType() === "fetch") await route.fulfill({ body: "<html>another dashboard</html>" });
        else await page.unroute(GONE).then(() => route.continue());
      });
      await page.locator('.nav-link[href="#/experiments"]').click();
      await page.waitForFunction(() => !("isFirst" in window));
      await page.locator(".runs-filter, .empty").first().waitFor();
      assert.match(page.url(), /#\/experiments$/);
      assert.equal(await page.locator('[role="alert"]').count(), 0);
    },
    /404|Failed to load/,
  );
});
