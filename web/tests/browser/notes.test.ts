// SPDX-License-Identifier: MIT
// Notes and bookmarks on a timeline: written, found again after a reload, gone to, deleted.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { runToEnd, testSite, threads, timelineOf, timelineReady } from "./page";

const MARKUP = `<img src=x onerror="owned=1"><script>owned=1</script>`;

const site = testSite();

/** The timeline of a run of its own. */
async function onTimeline(body: (page: Page, run: string) => Promise<void>): Promise<void> {
  const run = timelineOf(await runToEnd(site.address, threads("Notes")));
  await site.onPage({}, async (page) => {
    await page.goto(`${site.address}/#/runs/${run}`);
    await timelineReady(page);
    await body(page, run);
  });
}

async function kept(run: string): Promise<{ text: string; from: number; to: number; lane: number | null }[]> {
  const answer = await fetch(`${site.address}/api/v1/runs/${run}/notes`);
  return ((await answer.json()) as { items: never[] }).items;
}

test("a note about what is selected is written by keyboard, and is there after a reload", async () => {
  await onTimeline(async (page, run) => {
    await page.locator(".stage-plot").focus();
    await page.keyboard.press("ArrowDown");
    await page.locator(".details .fact-list").waitFor();
    await page.keyboard.press("n");
    await page.locator(".note-text-field").waitFor();
    await page.keyboard.type(MARKUP);
    await page.keyboard.press("Control+Enter");
    const note = page.locator(".note-text", { hasText: "<img src=x" });
    await note.waitFor();
    assert.equal(await page.locator(".note-flag.is-note").count(), 1);
    const [stored] = await kept(run);
    assert.equal(stored?.text, MARKUP);
    assert.ok(stored && stored.lane !== null && stored.to > stored.from);
    await page.reload();
    await timelineReady(page);
    await note.waitFor();
    assert.equal(await page.evaluate(() => "owned" in window), false);
    assert.equal(await page.locator('img[src="x"]').count(), 0);
  });
});

test("bookmarks are gone to, edited, deleted and had back", async () => {
  await onTimeline(async (page, run) => {
    await page.keyboard.press("b");
    await page.locator(".note").waitFor();
    await page.keyboard.press("w");
    await page.keyboard.press("w");
    for (let i = 0; i < 8; i++) await page.keyboard.press("d");
    const plot = await page.locator(".stage-plot").boundingBox();
    assert.ok(plot);
    await page.mouse.move(plot.x + plot.width * 0.25, plot.y + 10);
    await page.keyboard.press("m");
    await page.locator(".note").nth(1).waitFor();
    const [first, second] = await kept(run);
    assert.ok(first && second && first.from < second.from);
    assert.equal(await page.locator(".note-flag").count(), 1, "the other one is out of the window");
    await page.keyboard.press("<");
    await page.locator(".note").nth(0).and(page.locator(".is-chosen")).waitFor();
    await page.waitForFunction(() => document.querySelectorAll(".note-flag.is-chosen").length === 1);
    await page.locator(".note").nth(1).locator(".note-jump").click();
    await page.locator(".note").nth(1).and(page.locator(".is-chosen")).waitFor();

    await page.locator(".note").nth(1).getByRole("button", { name: /^Edit/ }).click();
    await page.locator(".note-text-field").fill("Here it begins");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.locator(".note-text", { hasText: "Here it begins" }).waitFor();
    await page.locator(".note").nth(1).getByRole("button", { name: /^Delete/ }).click();
    await page.locator(".note").nth(1).waitFor({ state: "detached" });
    const before = await kept(run);
    await page.locator(".undo-bar .button", { hasText: "Undo" }).click();
    await page.locator(".note-text", { hasText: "Here it begins" }).waitFor();
    assert.deepEqual(await kept(run), before, "it is the same note, with its id");
    await page.locator(".note").nth(0).getByRole("button", { name: /^Edit/ }).click();
    await page.keyboard.type("dropped");
    await page.keyboard.press("Escape");
    await page.locator(".note-form").waitFor({ state: "detached" });
    assert.deepEqual((await kept(run)).map(({ text }) => text), ["", "Here it begins"]);
    await page.locator(".note").nth(0).getByRole("button", { name: /^Delete/ }).click();
    await page.locator(".note").nth(1).waitFor({ state: "detached" });
    await page.locator(".undo-bar button").last().click();
    while ((await kept(run)).length > 1) await page.waitForTimeout(20);
    await page.reload();
    await timelineReady(page);
    await page.locator(".note").waitFor();
    assert.equal(await page.locator(".note").count(), 1);
  });
});

test("what a note is about is said before, and of a range and a selection one is chosen", async () => {
  await onTimeline(async (page, run) => {
    const next = page.locator(".notes-next");
    assert.match(await next.innerText(), /without either, about the moment under the pointer/);
    await page.evaluate(() => location.assign(`${location.hash}${location.hash.includes("?") ? "&" : "?"}range=15000000-40000000`));
    await page.locator(".range").waitFor();
    await page.waitForFunction(() => /^A note or a bookmark is now about the range: 15.* to 40.*, all lanes\.$/.test(document.querySelector(".notes-next")?.textContent ?? ""));
    await page.locator(".stage-plot").focus();
    for (let i = 0; i < 9; i++) await page.keyboard.press("ArrowUp");
    await page.locator(".details:not(.range) .fact-list").waitFor();
    const lane = await page.locator(".details:not(.range) .details-lane").innerText();
    assert.match(await next.innerText(), /^A note or a bookmark is now about what is selected: .+/);
    assert.ok((await next.innerText()).endsWith(`, ${lane}.`), `${await next.innerText()} is not about ${lane}`);
    await page.keyboard.press("n");
    const choice = page.locator(".note-form select");
    await choice.waitFor();
    assert.equal(await choice.inputValue(), "selection");
    await page.locator(".note-text-field").fill("All of them wait");
    await choice.selectOption("range");
    assert.equal(await page.locator(".note-text-field").inputValue(), "All of them wait");
    assert.match((await page.locator(".note-text-field").getAttribute("aria-label")) ?? "", /^About the range: .*, all lanes$/);
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.locator(".note-text", { hasText: "All of them wait" }).waitFor();
    const [stored] = await kept(run);
    assert.deepEqual(stored && [stored.from, stored.to, stored.lane], [15_000_000, 40_000_000, null]);
  });
});

test("letters in a note are no keys of the page", async () => {
  await onTimeline(async (page) => {
    const was = await page.locator(".stage-window").innerText();
    await page.keyboard.press("n");
    await page.locator(".note-text-field").waitFor();
    await page.keyboard.type("wasd0bnp?");
    assert.equal(await page.locator(".note-text-field").inputValue(), "wasd0bnp?");
    assert.equal(await page.locator(".stage-window").innerText(), was);
    assert.equal(await page.locator(".note").count(), 0);
  });
});
