// SPDX-License-Identifier: MIT
// Where the focus is after what had it has gone: at the control that took its place, the next row,
// the heading of the page that opened, the drawing. And Back leads to where one was.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Locator, Page } from "playwright-core";
import { type ExperimentView, runToEnd, submit, testSite, threads, timelineOf, timelineReady } from "./page";

const STAGE = ".stage-plot";
const ENDLESS = {
  schema: 1,
  record: "summary",
  repetitions: 1000,
  strategies: [{ threads: 2 }],
  workload: { jobs: { count: 20000, steps: [{ python_us: 100 }, { io_us: 200 }] } },
};

let blocked: ExperimentView;
const site = testSite(async (address) => {
  const answer = await fetch(`${address}/api/v1/presets`);
  const { items } = (await answer.json()) as { items: { id: string; document: object }[] };
  const document = items.find(({ id }) => id === "loop-blocked")?.document;
  blocked = await runToEnd(address, { ...document, record: "timeline" });
});

/** Until it has the focus; fails with what has it instead. */
async function hasFocus(page: Page, selector: string, what: string): Promise<void> {
  const there = page.waitForFunction((wanted) => document.activeElement?.matches(wanted), selector, { timeout: 5000 });
  await there.catch(async () => {
    const active = await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 120));
    assert.fail(`${what}: the focus is not at ${selector} but at ${active}`);
  });
}

/** Presses a control as the keyboard does. */
async function enter(control: Locator): Promise<void> {
  await control.focus();
  await control.press("Enter");
}

async function onTimeline(body: (page: Page, run: string) => Promise<void>, query = ""): Promise<void> {
  const run = timelineOf(await runToEnd(site.address, threads("Focus")));
  await site.onPage({}, async (page) => {
    await page.goto(`${site.address}/#/runs/${run}${query}`);
    await timelineReady(page);
    await body(page, run);
  });
}

test("search, filter and details give the focus to the drawing when they are closed", async () => {
  await onTimeline(async (page) => {
    await page.keyboard.press("/");
    await page.locator(".search-input").press("Escape");
    await hasFocus(page, STAGE, "Esc in the search");
    await page.keyboard.press("/");
    await enter(page.getByRole("button", { name: "Close the search" }));
    await hasFocus(page, STAGE, "the search is closed");
    await page.keyboard.press("l");
    await page.locator(".lane-filter").press("Escape");
    await hasFocus(page, STAGE, "Esc in the filter");
    const close = page.locator(".details-actions .button").last();
    for (const press of [() => enter(close), () => close.press("Escape")]) {
      await page.locator(STAGE).press("ArrowUp");
      await close.focus();
      await press();
      await hasFocus(page, STAGE, "the details are closed");
    }
    await page.locator(STAGE).press("ArrowUp");
    await enter(page.locator(".span-table summary"));
    await enter(page.locator(".span-table .fact-link").nth(1));
    await hasFocus(page, STAGE, "a row of the table of spans");
    await page.keyboard.press("h");
    await enter(page.locator(".lane-state .button").last());
    await hasFocus(page, STAGE, "the lanes are reset");
  });
});

test("a note that is saved, dropped or deleted leaves the focus at a note", async () => {
  await onTimeline(async (page) => {
    for (const text of ["one", "two", "three"]) {
      await page.keyboard.press("n");
      await page.locator(".note-text-field").fill(text);
      await page.keyboard.press("Control+Enter");
      await page.locator(".note-form").waitFor({ state: "detached" });
      await hasFocus(page, ".note.is-chosen .note-jump", "a new note");
    }
    await page.keyboard.press("n");
    await page.keyboard.press("Escape");
    await hasFocus(page, ".note-begin", "a new note is dropped");
    const second = page.locator(".note").nth(1);
    for (const key of ["Control+Enter", "Escape"]) {
      await enter(second.getByRole("button", { name: /^Edit/ }));
      await page.keyboard.press(key);
      await hasFocus(page, ".note:nth-child(2) .note-jump", `a note is edited, ${key}`);
    }
    const id = await second.getAttribute("data-note");
    await enter(second.getByRole("button", { name: /^Delete/ }));
    await hasFocus(page, ".note:nth-child(2) .note-jump", "a note is deleted");
    await enter(page.locator(".undo-bar .button").first());
    await hasFocus(page, `[data-note="${id}"] .note-jump`, "a note is had back");
    for (let left = 3; left > 0; left--) {
      await enter(page.locator(".note").last().getByRole("button", { name: /^Delete/ }));
      const where = left > 1 ? `.note:nth-child(${left - 1}) .note-jump` : ".note-begin";
      await hasFocus(page, where, `of ${left} notes the last is deleted`);
    }
  });
});

test("Undo my changes leaves the focus with the actions of the document", async () => {
  await site.onPage({}, async (page) => {
    await page.goto(`${site.address}/#/?preset=gil-two-cpu-threads`);
    await page.locator('.code-editor[data-state="ready"]').waitFor();
    await page.keyboard.press("e");
    await page.locator(".cm-content:focus").waitFor();
    await page.keyboard.type(" ");
    await enter(page.locator(".composer-actions .is-quiet"));
    await hasFocus(page, ".composer-actions [aria-controls='document']", "the changes are undone");
    await enter(page.locator(".composer-actions .is-primary"));
    await page.waitForURL(/#\/experiments\/e\d+/);
    await hasFocus(page, "h1", "a document is run");
  });
});

test("what is stopped, cancelled or deleted leaves the focus at what is next", async () => {
  const ids: string[] = [];
  for (const name of ["First", "Second", "Third"]) ids.push(await submit(site.address, { ...ENDLESS, name }));
  const [first, second, third] = ids;
  await site.onPage({}, async (page) => {
    await page.goto(`${site.address}/#/experiments/${first}`);
    await enter(page.getByRole("button", { name: "Stop" }));
    await page.getByRole("button", { name: "Stop" }).waitFor({ state: "detached" });
    await hasFocus(page, ".page-actions *", "an experiment is stopped");

    await page.goto(`${site.address}/#/experiments`);
    const entry = page.locator(".queue-entry");
    await entry.nth(1).waitFor();
    await enter(entry.filter({ hasText: "Second" }).getByRole("button"));
    await hasFocus(page, `.queue a[href$="${third}"]`, "of two in the queue one is cancelled");
    await enter(entry.filter({ hasText: "Third" }).getByRole("button"));
    await hasFocus(page, "#queue-title", "the last in the queue is cancelled");

    const row = (id = ""): Locator => page.locator(`.runs-table tr:has(a[href$="${id}"])`);
    await row(third).locator(".row-actions button:last-child[aria-disabled='false']").waitFor();
    await enter(row(third).locator(".row-actions button").last());
    await hasFocus(page, `.row-link[href$="${second}"]`, "a row is deleted");
    await enter(page.locator(".undo-bar .button").first());
    await hasFocus(page, `.row-link[href$="${third}"]`, "a row is had back");
    await enter(row(first).locator(".row-actions button").last());
    await enter(page.locator(".undo-bar button").last());
    await hasFocus(page, "h1", "the offer to have it back is closed");
  });
});

/* Of each table a few rows more than it shows at first. */
const LONG = {
  schema: 1,
  record: "timeline",
  goal: "makespan_us",
  strategies: ["sequential", { threads: 2 }],
  workload: { jobs: { count: 2, steps: [{ python_us: 100 }] } },
};
const sweptOver = (count: number): unknown => ({
  ...LONG,
  sweep: { "/workload/jobs/steps/0/python_us": Array.from({ length: count }, (_, index) => 100 + index) },
});
const MANY_THREADS = {
  ...LONG,
  strategies: [{ threads: 110 }],
  workload: { jobs: { count: 110, steps: [{ io_us: 100_000 }] } },
};

test("who asks for more rows is at the first of them", async () => {
  const short = await runToEnd(site.address, sweptOver(15));
  const long = await runToEnd(site.address, sweptOver(152));
  const threads = await runToEnd(site.address, MANY_THREADS);
  await site.onPage({ reducedMotion: "reduce" }, async (page) => {
    await page.goto(`${site.address}/#/experiments/${short.id}`);
    await enter(page.getByRole("button", { name: "Show 3 more points" }));
    await hasFocus(page, ".advice-table tr:nth-child(13)", "more points");
    await page.locator(".side-row").first().scrollIntoViewIfNeeded();
    await enter(page.locator(".side-by-side > .button"));
    await hasFocus(page, ".side-row:nth-child(9) a", "more timelines");
    await page.goto(`${site.address}/#/experiments/${long.id}`);
    await enter(page.locator("section[aria-labelledby='grid-title'] .table-more"));
    await hasFocus(page, ".grid-table tr:nth-child(301) a", "more cells");
    await page.goto(`${site.address}/#/runs/${timelineOf(threads)}`);
    await enter(page.locator(".totals-more"));
    await hasFocus(page, ".totals-table tr:nth-child(101)", "more lanes");
  });
});

test("who asks for more of the list of runs waits at the button, and is at the first that comes", async () => {
  for (let count = 0; count < 51; count++) await submit(site.address, { ...LONG, name: `Run ${count}`, seed: count });
  await site.onPage({}, async (page) => {
    let letGo = (): void => undefined;
    const isSeen = new Promise<void>((resolve) => (letGo = resolve));
    await page.route(/after=/, async (route) => {
      await isSeen;
      await route.continue();
    });
    await page.goto(`${site.address}/#/experiments`);
    const more = page.locator(".runs-more button");
    await enter(more);
    await page.locator(".runs-more button[aria-disabled='true']").waitFor();
    await hasFocus(page, ".runs-more button", "more runs are on their way");
    letGo();
    await hasFocus(page, ".runs-table tr:nth-child(51) .row-link", "more runs");
  });
});

test("a button that can do no more keeps the focus, and does nothing", async () => {
  await onTimeline(async (page) => {
    const seen = (): Promise<string> => page.locator(".stage-window").innerText();
    const before = await seen();
    const whole = page.getByRole("button", { name: "Whole run" });
    assert.equal(await whole.getAttribute("aria-disabled"), "false");
    await enter(whole);
    await page.locator("[aria-label='Whole run'][aria-disabled='true']").waitFor();
    await hasFocus(page, "[aria-label='Whole run']", "the whole run is shown");
    const undo = page.getByRole("button", { name: /^The window as it was before/ });
    // A window is one to go back to when the next one rests.
    await page.waitForFunction(() => document.querySelector("[aria-label^='The window as it was before']")?.getAttribute("aria-disabled") === "false");
    for (let left = 9; left > 0 && (await undo.getAttribute("aria-disabled")) === "false"; left--) await enter(undo);
    await hasFocus(page, "[aria-disabled='true']", "everything is taken back");
    await page.waitForFunction((was) => document.querySelector(".stage-window")?.textContent === was, before);
    await undo.press("Enter");
    await page.waitForTimeout(300);
    assert.equal(await seen(), before);
  }, "?from=1000000&to=20000000");
});

test("the arrow that folds the details points where they go", async () => {
  const pointsDown = (page: Page): Promise<boolean> =>
    page.locator(".details-actions [aria-expanded] path").evaluate((path: SVGPathElement) => {
      return path.getPointAtLength(path.getTotalLength() / 2).y > path.getPointAtLength(0).y;
    });
  await onTimeline(async (page) => {
    await page.locator(STAGE).press("ArrowUp");
    const fold = page.locator(".details-actions [aria-expanded]");
    assert.ok(await pointsDown(page), "open, it folds down");
    await fold.click();
    await page.locator(".details.is-folded").waitFor();
    assert.ok(!(await pointsDown(page)), "folded, it opens up");
  });
});

test("a page that opens has the focus at its title, or where the link points", async () => {
  await site.onPage({}, async (page) => {
    const opened = `${site.address}/#/experiments/${blocked.id}`;
    await page.goto(opened);
    await enter(page.locator(".grid-table .cell-action a").first());
    await timelineReady(page);
    await hasFocus(page, "h1", "a row of the grid");
    await enter(page.getByRole("link", { name: "API" }));
    await page.locator("h1", { hasText: "API" }).waitFor();
    await hasFocus(page, ".nav-link", "a link that is still there");
  });
});

const finding = (page: Page): Locator => page.locator(".finding").first();
const shown = (page: Page): Promise<number> =>
  finding(page).locator("a").evaluate((link) => link.getBoundingClientRect().top);

test("Show where leads from the grid to the drawing, and Back to the finding", async () => {
  await site.onPage({}, async (page) => {
    await page.goto(`${site.address}/#/experiments/${blocked.id}`);
    const link = finding(page).locator("a");
    await page.locator(".found").first().scrollIntoViewIfNeeded();
    await link.scrollIntoViewIfNeeded();
    await page.mouse.wheel(0, 37);
    await page.waitForTimeout(200);
    const top = await shown(page);
    await link.press("Enter");
    await timelineReady(page);
    await page.locator(".details .fact-list").waitFor();
    await hasFocus(page, STAGE, "Show where");
    await page.goBack();
    await link.waitFor();
    await hasFocus(page, ".finding-head a", "Back");
    assert.ok(Math.abs((await shown(page)) - top) < 2, `${await shown(page)} for ${top}`);
    await enter(finding(page).locator(".finding-advice button"));
    await page.waitForURL((url) => /experiments\/e\d+$/.test(url.hash) && !url.hash.includes(blocked.id));
    await hasFocus(page, "h1", "Try it");
    // What makes the page high comes at once, and late.
    await page.locator(".found").first().waitFor();
    await page.route(/\/experiments\/e\d+(\/(cells|advice))?(\?|$)/, async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 700));
      await route.continue();
    });
    await page.goBack();
    await hasFocus(page, ".finding-advice button", "Back from what was tried");
  });
});

test("Look for it leads to what is found, Show where to the drawing, and Back to the finding", async () => {
  await site.onPage({}, async (page) => {
    await page.goto(`${site.address}/#/runs/${timelineOf(blocked)}`);
    await timelineReady(page);
    await enter(page.locator(".findings .button").first());
    await finding(page).waitFor();
    await hasFocus(page, "#findings-title", "Look for it");
    const link = finding(page).locator("a");
    await link.focus();
    const top = await shown(page);
    await link.press("Enter");
    await page.locator(".details .fact-list").waitFor();
    await hasFocus(page, STAGE, "Show where");
    const box = await page.locator(".stage").boundingBox();
    assert.ok(box && box.y >= 0 && box.y < 400, "the stage is on the screen");
    await page.goBack();
    await hasFocus(page, ".finding-head a", "Back");
    assert.ok(Math.abs((await shown(page)) - top) < 2, `${await shown(page)} for ${top}`);
  });
});

test("a page that is loaded again is where it was, however late its parts come", async () => {
  await site.onPage({}, async (page) => {
    await page.goto(`${site.address}/#/runs/${timelineOf(blocked)}`);
    await timelineReady(page);
    await page.locator(".about").waitFor();
    await page.locator("main a").first().focus();
    const bottom = await page.evaluate(() => (window.scrollTo(0, 1e6), window.scrollY));
    // What makes the page high comes long after its title.
    await page.route(/\/runs\/r\d+(\/|$)/, async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 1200));
      await route.continue();
    });
    await page.reload();
    await page.locator("h1").waitFor();
    await page.waitForFunction((was) => window.scrollY === was, bottom);
  });
});

test("a page that is loaded again is where it was", async () => {
  await site.onPage({}, async (page) => {
    await page.goto(`${site.address}/#/runs/${timelineOf(blocked)}`);
    await timelineReady(page);
    await page.locator(".about").waitFor();
    await page.evaluate(() => window.scrollTo(0, 400));
    await page.reload();
    await page.waitForFunction(() => window.scrollY === 400);
    await page.goto(`${site.address}/#/experiments`);
    await page.waitForFunction(() => window.scrollY === 0);
  });
});
