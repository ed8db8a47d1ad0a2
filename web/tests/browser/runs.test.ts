// SPDX-License-Identifier: MIT
// The page of all experiments: search, filter, order, rename, delete with undo, sizes, queue.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { runToEnd, submit, testSite } from "./page";

const QUICK = {
  schema: 1,
  strategies: [{ threads: 2 }],
  workload: { jobs: { count: 2, steps: [{ python_us: 100 }] } },
};
/* A cell takes a moment, all of them longer than the test looks. */
const LONG = {
  schema: 1,
  name: "Long",
  record: "summary",
  repetitions: 1000,
  strategies: [{ threads: 2 }, { threads: 3 }],
  workload: { jobs: { count: 20000, steps: [{ python_us: 100 }, { io_us: 200 }] } },
};
const MANY = 130;

const site = testSite();

const row = (page: Page, name: string) => page.locator(".runs-table tbody tr", { hasText: name });
const names = (page: Page): Promise<string[]> => page.locator(".runs-table .row-link").allInnerTexts();

async function statusOf(id: string): Promise<number> {
  return (await fetch(`${site.address}/api/v1/experiments/${id}`)).status;
}

test("search, filter and order are in the address and survive a reload", async () => {
  for (const name of ["Alpha", "beta", "Gamma"]) await runToEnd(site.address, { ...QUICK, name });
  await site.onPage({}, async (page) => {
    await page.goto(`${site.address}/#/experiments`);
    await row(page, "Alpha").waitFor();
    assert.deepEqual(await names(page), ["Gamma", "beta", "Alpha"]);
    await page.locator(".runs-filter select").selectOption("name");
    await page.waitForFunction(
      () => document.querySelector(".runs-table .row-link")?.textContent === "Alpha",
    );
    assert.deepEqual(await names(page), ["Alpha", "beta", "Gamma"]);
    await page.locator(".runs-filter input").fill("A");
    await page.locator(".runs-filter input").pressSequentially("m");
    await row(page, "Alpha").waitFor({ state: "detached" });
    assert.deepEqual(await names(page), ["Gamma"]);
    assert.match(page.url(), /name=Am&order=name/);
    await page.reload();
    await row(page, "Gamma").waitFor();
    assert.deepEqual(await names(page), ["Gamma"]);
    await page.locator(".status-button", { hasText: "failed" }).click();
    await page.locator(".empty").waitFor();
    await page.locator(".empty .button").click();
    await row(page, "beta").waitFor();
    assert.match(page.url(), /#\/experiments\?order=name$/);
  });
});

test("every experiment has a size, and the store has one", async () => {
  await site.onPage({}, async (page) => {
    await page.goto(`${site.address}/#/experiments`);
    await page.locator(".runs-room", { hasText: /\d\s?[kM]B in use/ }).waitFor();
    await page.waitForFunction(() =>
      [...document.querySelectorAll('.runs-table td[data-label="Size"]')].every((cell) =>
        /\d\s?k?B/.test(cell.textContent ?? ""),
      ),
    );
  });
});

test("an experiment is renamed in place, by keyboard, and markup is a name like any other", async () => {
  const markup = `<img src=x onerror="owned=1">`;
  const { id } = await runToEnd(site.address, { ...QUICK, name: "Old name" });
  await site.onPage({}, async (page) => {
    await page.goto(`${site.address}/#/experiments`);
    await row(page, "Old name").locator(".row-link").focus();
    await page.keyboard.press("F2");
    await page.keyboard.type("Forgotten");
    await page.keyboard.press("Escape");
    await row(page, "Old name").locator(".row-link").waitFor();
    await page.keyboard.press("F2");
    await page.keyboard.type(markup);
    await page.keyboard.press("Enter");
    await row(page, markup).locator(".row-link").waitFor();
    assert.equal(await page.evaluate(() => "owned" in window), false);
    await page.reload();
    await row(page, markup).waitFor();
    assert.equal(await page.locator('img[src="x"]').count(), 0);
  });
  const read = (await (await fetch(`${site.address}/api/v1/experiments/${id}`)).json()) as { name: string };
  assert.equal(read.name, markup);
});

test("a deletion can be undone, waits through a reload, and is then done", async () => {
  const { id } = await runToEnd(site.address, { ...QUICK, name: "Doomed" });
  const remove = (page: Page) => row(page, "Doomed").getByRole("button", { name: /^Delete/ }).click();
  await site.onPage({}, async (page) => {
    await page.goto(`${site.address}/#/experiments`);
    await remove(page);
    await row(page, "Doomed").waitFor({ state: "detached" });
    assert.equal(await statusOf(id), 200, "the server knows nothing yet");
    await page.locator(".undo-bar .button", { hasText: "Undo" }).click();
    await row(page, "Doomed").waitFor();
    await remove(page);
    await page.locator(".undo-bar").waitFor();
    await page.reload();
    await page.locator(".undo-bar").waitFor();
    await row(page, "Alpha").waitFor();
    assert.equal(await row(page, "Doomed").count(), 0);
    assert.equal(await statusOf(id), 200, "a reload deletes nothing");
    const deleted = page.waitForResponse((answer) => answer.request().method() === "DELETE");
    await page.locator(".undo-bar").getByRole("button", { name: "Close" }).click();
    assert.equal((await deleted).status(), 204);
    assert.equal(await statusOf(id), 404);
    await page.reload();
    await row(page, "Alpha").waitFor();
    assert.equal(await row(page, "Doomed").count(), 0);
  });
});

test("the queue shows what runs and waits, without being asked, and stops it", async () => {
  await site.onPage({}, async (page) => {
    await page.goto(`${site.address}/#/experiments`);
    await row(page, "Alpha").waitFor();
    await page.locator(".queue", { hasText: "Nothing runs" }).waitFor();
    const first = await submit(site.address, LONG);
    const second = await submit(site.address, { ...LONG, name: "Later", seed: 2 });
    const later = page.locator(".queue-entry", { hasText: "Later" });
    await page.locator('.queue-entry[data-status="running"]').first().waitFor();
    await later.waitFor();
    await later.getByRole("button").click();
    await later.waitFor({ state: "detached" });
    // They push nothing away: the list has them when they are asked for.
    assert.equal(await row(page, "Later").count(), 0);
    await page.getByRole("button", { name: "Show 2 new ones" }).click();
    await row(page, "Later").locator('.status[data-status="interrupted"]').waitFor();
    assert.equal(await page.locator(".runs-new button").count(), 0);
    await row(page, "Later").getByRole("button", { name: /^Go on/ }).click();
    await later.waitFor();
    for (const id of [second, first]) {
      await fetch(`${site.address}/api/v1/experiments/${id}/cancel`, { method: "POST" });
    }
    await page.locator(".queue", { hasText: "Nothing runs" }).waitFor();
    await row(page, "Long").locator('.status[data-status="interrupted"]').waitFor();
  });
});

test("a long list comes page by page, and an error can be tried again", async () => {
  for (let i = 0; i < MANY; i++) await submit(site.address, { ...QUICK, name: `n ${i}`, seed: i });
  await site.onPage(
    {},
    async (page) => {
      await page.goto(`${site.address}/#/experiments?name=n+&order=oldest`);
      await row(page, "n 49").waitFor();
      await page.locator(".runs-more .button").click();
      await row(page, "n 99").waitFor();
      await page.locator(".runs-more .button").click();
      await row(page, `n ${MANY - 1}`).waitFor();
      assert.equal(new Set(await names(page)).size, MANY);
      await page.route("**/api/v1/experiments?*", (route) => route.abort());
      await page.locator(".runs-filter select").selectOption("name");
      await page.locator(".away").waitFor();
      assert.equal(new Set(await names(page)).size, MANY, "what is there stays");
      await page.unroute("**/api/v1/experiments?*");
      await page.locator('.table-frame[aria-busy="true"]').waitFor({ state: "detached" });
      await page.locator(".away").waitFor({ state: "detached" });
      await page.route("**/api/v1/experiments?*", (route) => route.fulfill({ status: 500, body: "" }));
      await page.locator(".runs-filter select").selectOption("newest");
      await page.locator(".empty.is-error").waitFor();
      await page.unroute("**/api/v1/experiments?*");
      await page.locator(".empty .button").click();
      await row(page, `n ${MANY - 1}`).waitFor();
    },
    /Failed to load resource|ERR_FAILED/,
  );
});

for (const [locale, word, goOn] of [["en-GB", /interrupted|stopped|cancelled/gi, "Go on"], ["pl-PL", /przerwan|zatrzyman/gi, "Wznów"]] as const) {
  test(`an experiment that was stopped says so once, and goes on from its own page (${locale})`, async () => {
    const id = await submit(site.address, { ...LONG, name: "Halted" });
    const cancel = () => fetch(`${site.address}/api/v1/experiments/${id}/cancel`, { method: "POST" });
    await site.onPage({ locale }, async (page) => {
      await page.goto(`${site.address}/#/experiments/${id}`);
      await page.locator('.grid-table .status[data-status="running"]').first().waitFor();
      await cancel();
      const ended = page.locator('.page-head .status[data-status="interrupted"]');
      await ended.waitFor();
      // The state, and by whom: not the same word twice. In a row of the grid the state is enough.
      assert.equal((await page.locator(".page-head").innerText()).match(word)?.length, 1);
      assert.equal((await page.locator(".ended-early").innerText()).match(word)?.length, 1);
      const stopped = page.locator('.grid-table tr[data-status="interrupted"]').first();
      assert.equal((await stopped.innerText()).match(word)?.length, 1);
      await page.getByRole("button", { name: goOn, exact: true }).click();
      await page.locator('.page-head .status:is([data-status="running"], [data-status="queued"])').waitFor();
      assert.equal(await page.locator(".ended-early").count(), 0);
      assert.equal(await page.locator(".grid-table tbody tr").count(), 2);
      await cancel();
      await ended.waitFor();
      await page.reload();
      await page.getByRole("button", { name: goOn, exact: true }).waitFor();
    });
  });
}
