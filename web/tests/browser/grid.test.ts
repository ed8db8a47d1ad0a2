// SPDX-License-Identifier: MIT
// A grid while its cells end, and its cells as small timelines on one axis of time.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import type { Browser, Locator, Page } from "playwright-core";
import { onPage, runToEnd, submit, timelineOf } from "./page";
import { type Server, startBrowser, startServer } from "./server";

/* One after the other takes twenty times as long as all at once. */
const DOCUMENT = {
  schema: 1,
  name: "Side by side",
  runtimes: ["cpython-3.12"],
  strategies: ["sequential", { threads: 20 }, { asyncio: 20 }],
  workload: { jobs: { count: 20, steps: [{ python_us: 100 }, { io_us: 20000 }] } },
};

let server: Server;
let browser: Browser;
let id: string;

before(async () => {
  server = await startServer();
  browser = await startBrowser();
  ({ id } = await runToEnd(server.address, DOCUMENT));
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

const DRAWN = '.side-picture[data-state="ready"] canvas[data-ready="yes"]';
const drawn = (page: Page): Promise<number> => page.locator(DRAWN).count();

async function allDrawn(page: Page): Promise<void> {
  await page.locator(".side-by-side").scrollIntoViewIfNeeded();
  for (let row = 0; row < 3; row++) {
    await page.locator(DRAWN).nth(row).waitFor({ state: "attached" });
  }
}

test("cells that differ much are shown until the fastest has ended, or whole", async () => {
  await onPage(browser, {}, async (page) => {
    await page.goto(`${server.address}/#/experiments/${id}`);
    await allDrawn(page);
    assert.equal(await drawn(page), 3);
    assert.equal(await page.locator('.side-by-side [aria-pressed="true"]').innerText(), "Until the fastest has ended");
    // Nothing has ended before the fastest has.
    assert.equal(await page.locator(".side-end").count(), 0);
    await page.getByRole("button", { name: "Whole", exact: true }).click();
    await page.locator(".side-end").nth(1).waitFor();
    await allDrawn(page);
    // Both that overlap their waits have ended early, at the same share of the axis as of time.
    const ends = await page.locator(".side-end span").evaluateAll((marks) =>
      marks.map((mark) => Number.parseFloat((mark as HTMLElement).style.left)),
    );
    assert.equal(ends.length, 2);
    for (const end of ends) assert.ok(end > 3 && end < 10, `${end}`);
  });
});

test("a row leads to the timeline, at the part that is shown", async () => {
  await onPage(browser, {}, async (page) => {
    await page.goto(`${server.address}/#/experiments/${id}`);
    await allDrawn(page);
    const run = await page.locator(".side-row").first().getAttribute("data-run");
    await page.locator(".side-link").first().click();
    await page.waitForURL(new RegExp(`#/runs/${run}\\?from=0&to=2\\d{7}`));
    await page.locator('.stage-base[data-ready="yes"]').waitFor();
  });
});

/* --- sizes of pools, findings, tables --- */

const SIZES = [2, 4, 8, 16, 32];
const LADDER = {
  schema: 1,
  name: "Ladder",
  goal: "makespan_us",
  record: "timeline",
  machine: { cores: 4 },
  runtimes: ["cpython-3.12"],
  strategies: ["sequential", ...SIZES.map((threads) => ({ threads })), ...SIZES.map((processes) => ({ processes }))],
  workload: { jobs: { count: 60, steps: [{ python_us: 3000 }, { io_us: 20000 }] } },
};

async function openLadder(page: Page): Promise<string> {
  const view = await runToEnd(server.address, LADDER);
  await page.goto(`${server.address}/#/experiments/${view.id}`);
  await page.locator(".advice-sentence").waitFor();
  return view.id;
}

test("of a pool the best size has a row, or all have; the address says how the table is", async () => {
  await onPage(browser, {}, async (page) => {
    await openLadder(page);
    const rows = page.locator(".grid-table tbody tr");
    const figures = () => page.locator(".grid-table .bar-figure").allInnerTexts();
    assert.equal(await rows.count(), 3);
    assert.match(await rows.nth(1).innerText(), /threads\s+the best of 5 sizes/);
    const best = (await rows.nth(2).locator(".bar-figure").innerText()).split("\n")[0];
    await page.getByRole("button", { name: "All cells (11)" }).click();
    assert.equal(await rows.count(), 11);
    await page.locator(".grid-table .sort").click();
    assert.match(page.url(), /[?&]sort=best/);
    assert.match(page.url(), /[?&]cells=all/);
    const sorted = await figures();
    assert.equal(sorted[0]?.split("\n")[0], best);
    await page.reload();
    await page.locator(".advice-sentence").waitFor();
    assert.deepEqual(await figures(), sorted);
    assert.equal(await page.locator('.grid-table [aria-sort="ascending"]').count(), 1);
  });
});

test("that the model cannot tell the best from the next is said in the headline", async () => {
  await onPage(browser, {}, async (page) => {
    await page.route(/\/advice$/, async (route) => {
      const answer = await route.fetch();
      const value = await answer.json();
      const [first] = value.recommendations;
      Object.assign(first.runner_up, { told_apart: false, loss_error: Math.log(1.26) });
      await route.fulfill({ response: answer, json: value });
    });
    await openLadder(page);
    const sentence = await page.locator(".advice-sentence").innerText();
    assert.match(sentence, /^Choose .+ Makespan .+\. A tie with .+ on CPython 3\.12, .+: the model may be wrong by 26\s%, so it cannot tell them apart/);
  });
});

test("of a sweep the recommendations are a table, in words for what is swept", async () => {
  const points = Array.from({ length: 14 }, (_, index) => 1000 * (index + 1));
  const view = await runToEnd(server.address, {
    ...LADDER,
    name: "Swept",
    strategies: ["sequential", { threads: 4 }],
    sweep: { "/workload/jobs/steps/1/io_us": points },
  });
  await onPage(browser, {}, async (page) => {
    await page.goto(`${server.address}/#/experiments/${view.id}`);
    const rows = page.locator(".advice-table tbody tr");
    await rows.nth(11).waitFor();
    assert.equal(await rows.count(), 12);
    await page.getByRole("button", { name: "Show 2 more points" }).click();
    assert.equal(await rows.count(), 14);
    assert.equal(await page.locator(".advice-table thead th").first().innerText(), "Waiting");
    assert.match(await rows.last().innerText(), /^14\sms\s+4 threads on CPython 3\.12/);
    assert.equal(await page.locator(".sweep .chart-axis").first().innerText(), "Waiting");
    assert.equal(await page.locator(".sweep .chart-axis").first().getAttribute("title"), "/workload/jobs/steps/1/io_us");
    await page.locator(".advice-points summary").click();
    const why = page.locator(".advice-point");
    assert.equal(await why.count(), 14);
    assert.match(await why.last().innerText(), /^waiting 14\sms\s+Recommended\s+4 threads on CPython 3\.12\s+Why: Python/);
    assert.match(await why.last().innerText(), /On the mean [\d.]+ jobs are under way at a time/);
  });
});

test("cells that matter say what they suffer from, and lead to the place that proves it", async () => {
  await onPage(browser, {}, async (page) => {
    await openLadder(page);
    const cards = page.locator(".found");
    await cards.first().scrollIntoViewIfNeeded();
    assert.deepEqual(await cards.locator(".advice-label").allInnerTexts(), ["Recommended", "Next best", "Starting point"]);
    await page.locator('.found[data-state="ready"]').nth(2).waitFor({ timeout: 60_000 });
    const start = cards.nth(2).locator(".finding").first();
    const link = start.locator(".finding-head a");
    const target = new URLSearchParams((await link.getAttribute("href"))?.split("?")[1]);
    await link.click();
    await page.locator('.stage-base[data-ready="yes"]').waitFor();
    const shown = new URLSearchParams(new URL(page.url()).hash.split("?")[1]);
    assert.ok(target.get("from") !== null && target.get("lane") !== null);
    assert.equal(shown.get("from"), target.get("from"));
    assert.equal(shown.get("lane"), target.get("lane"));
  });
});

/** What words say of themselves to who comes to them by keyboard; with Escape it is gone. */
async function explanationOf(words: Locator): Promise<string> {
  const card = words.locator("xpath=following-sibling::*");
  await words.page().keyboard.press("Tab"); // From here on the focus is one of the keyboard.
  await words.focus();
  await card.waitFor();
  const text = await card.innerText();
  await words.press("Escape");
  await card.waitFor({ state: "hidden" });
  return text;
}

test("a finding calls the step by name, and says in the reader's language what its threshold is", async () => {
  const { items } = (await (await fetch(`${server.address}/api/v1/presets`)).json()) as {
    items: { id: string; document: unknown }[];
  };
  const view = await runToEnd(server.address, items.find(({ id }) => id === "loop-blocked")?.document);
  await onPage(browser, { locale: "pl-PL" }, async (page) => {
    await page.goto(`${server.address}/#/experiments/${view.id}`);
    const card = page.locator(".found").first();
    await card.scrollIntoViewIfNeeded();
    const ask = card.getByRole("button", { name: "Poszukaj" });
    await ask.or(card.locator(".finding").first()).first().waitFor();
    if (await ask.isVisible()) await ask.click();
    const finding = card.locator('.finding[data-rule="loop-blocked"]');
    await finding.waitFor({ timeout: 60_000 });
    const site = finding.locator(".site-name");
    assert.match(await site.innerText(), /^„Python 30\s?ms” w kroku 1\.2, report$/);
    assert.equal(await explanationOf(site), "/workload/actors/0/tasks/1/steps/0/steps/1");
    const threshold = await explanationOf(finding.locator(".finding-head .is-muted"));
    assert.match(threshold, /^najdłuższy callback, .*; próg: wybór: jedna dziesiąta slow_callback_duration/);
  });
});

test("why a change is out of the question is said in the reader's language", async () => {
  const answer = await fetch(`${server.address}/api/v1/presets`);
  const { items } = (await answer.json()) as { items: { id: string; document: object }[] };
  const document = items.find(({ id }) => id === "producers-and-consumers")?.document;
  const run = timelineOf(await runToEnd(server.address, { ...document, record: "timeline" }));
  await onPage(browser, { locale: "pl-PL" }, async (page) => {
    await page.goto(`${server.address}/#/runs/${run}`);
    await page.locator(".findings .button").first().click();
    const tried = page.locator(".finding-tried").first();
    await tried.locator("summary").click();
    const refused = tried.locator("li", { hasText: "Odrzucone" }).first();
    assert.match(await refused.innerText(), /\/workload\/actors\/\d\/\S+: „(put|get)” nie może tu stać: wspólne/);
    assert.equal(await refused.locator('[lang="en"]').count(), 0);
  });
});

test("the chart of scaling names its axes, and each figure of a law says what it is", async () => {
  await onPage(browser, {}, async (page) => {
    await openLadder(page);
    const section = page.locator(".sweep");
    await section.locator(".chart-host canvas").waitFor();
    assert.deepEqual(await section.locator(".chart-axis").allInnerTexts(), ["Throughput: jobs or iterations a second", "Workers"]);
    assert.match(await section.locator(".chart-note").innerText(), /^Points are simulated/);
    const said: [RegExp, RegExp][] = [
      [/^(Universal Scalability Law|Amdahl's law)$/, /λ N \/ \(1 \+ σ \(N − 1\)/],
      [/^σ\s[\d.]+$/, /^Contention: /],
      [/^residual/, /relative distance/],
    ];
    for (const [words, meaning] of said) {
      const figure = section.locator(".explained-words", { hasText: words }).first();
      assert.match(await explanationOf(figure), meaning);
    }
  });
});

/** Keeps what is written on canvases. */
function keepWritten(): void {
  const written: string[] = [];
  Object.assign(window, { written });
  const { fillText } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
    written.push(text);
    fillText.call(this, text, ...place);
  };
}

test("on a telephone the axis of the chart has figures only", async () => {
  const view = await runToEnd(server.address, {
    ...LADDER,
    name: "Far apart",
    strategies: [4, 16, 64, 200].map((threads) => ({ threads })),
    workload: { jobs: { count: 200, steps: [{ python_us: 200 }, { io_us: 20000 }] } },
  });
  await onPage(browser, { viewport: { width: 390, height: 844 } }, async (page) => {
    await page.addInitScript(keepWritten);
    await page.goto(`${server.address}/#/experiments/${view.id}`);
    await page.locator(".advice-sentence").waitFor();
    await page.locator(".sweep .chart-host canvas").first().scrollIntoViewIfNeeded();
    await page.waitForFunction(() => (window as unknown as { written: string[] }).written.includes("200"));
    const written = await page.evaluate(() => (window as unknown as { written: string[] }).written);
    assert.ok(written.includes("64") && !written.includes("null"), written.join(" "));
  });
});

test("the chart of scaling can be read as a table", async () => {
  await onPage(browser, { locale: "pl-PL" }, async (page) => {
    const ladder = await openLadder(page);
    const { curves } = (await (await fetch(`${server.address}/api/v1/experiments/${ladder}/advice`)).json()) as {
      curves: { points: { n: number }[] }[];
    };
    assert.deepEqual(curves.map(({ points }) => points.map(({ n }) => n)), [SIZES, SIZES]);
    const twin = page.locator(".sweep details");
    await twin.locator("summary").click();
    assert.deepEqual(await twin.locator("thead th").allInnerTexts(), ["Wykonawcy", "wątki", "procesy"]);
    assert.deepEqual(await twin.locator("tbody th").allInnerTexts(), SIZES.map(String));
    for (const figure of await twin.locator("tbody td").allInnerTexts()) assert.match(figure, /^[\d\s,]+\s\/s$/);
  });
});

/* --- while it runs --- */

/* Points of a sweep, of which only the last takes long. */
const POINTS = 300;
const GROWING = {
  schema: 1,
  name: "Growing",
  repetitions: 30,
  goal: "makespan_us",
  record: "summary",
  limits: { events: 10_000_000_000, spans: 10_000_000_000, virtual_s: 1_000_000 },
  runtimes: ["cpython-3.12"],
  strategies: [{ threads: 4 }],
  sweep: {
    "/workload/jobs/count": [...Array.from({ length: POINTS }, (_, index) => 10 + index), 1_000_000],
  },
  workload: { jobs: { count: 1, steps: [{ python_us: 50 }, { io_us: 100 }] } },
};

test("a grid that grows is read whole a few times, however many of its cells end", async () => {
  await onPage(browser, { locale: "pl-PL" }, async (page) => {
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await page.goto(server.address);
    const answer = await fetch(`${server.address}/api/v1/experiments`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(GROWING),
    });
    assert.equal(answer.status, 201);
    const { id: growing } = (await answer.json()) as { id: string };
    await page.goto(`${server.address}/#/experiments/${growing}`);
    await page.waitForFunction(
      (count) => document.querySelectorAll('.grid-table [data-status="done"] .bar').length === count,
      POINTS,
      { timeout: 120_000 },
    );
    const words = `zakończono ${POINTS} z ${POINTS + 1} komórek`;
    await page.locator(".advice-preliminary", { hasText: words }).waitFor({ timeout: 120_000 });
    assert.equal(await page.locator(".advice .section-note", { hasText: "nie ma między czym wybierać" }).count(), 1);
    const path = `/api/v1/experiments/${growing}`;
    const whole = (): number => asked.filter((one) => one === path).length;
    assert.ok(whole() <= 2, `${whole()} times before the end`);
    assert.ok(asked.some((one) => one === `${path}/cells`));
    assert.equal(await page.locator(".grid-table tbody tr").count(), POINTS);
    await page.locator(".table-more").click();
    assert.equal(await page.locator(".grid-table tbody tr").count(), POINTS + 1);
    assert.equal(await page.locator(".table-more").count(), 0);
    await fetch(`${server.address}${path}/cancel`, { method: "POST" });
    await page.locator('.page-head [data-status="interrupted"]').waitFor({ timeout: 120_000 });
    assert.ok(whole() <= 4, `${whole()} times in all`);
  });
});

/* Each strategy is better than those before. */
const BETTERING = {
  schema: 1,
  name: "Bettering",
  goal: "makespan_us",
  record: "summary",
  limits: { events: 1_000_000_000 },
  runtimes: ["cpython-3.14t"],
  strategies: ["sequential", ...[2, 3, 4, 6, 8].map((threads) => ({ threads }))],
  workload: { jobs: { count: 60_000, steps: [{ python_us: 100 }, { io_us: 2000 }] } },
};

/** Keeps each sentence that was not about the best of the rows that were shown with it. */
function watchSentence(): void {
  const wrong: string[] = [];
  const seen = new Set<string>();
  Object.assign(window, { wrong, seen });
  const look = (): void => {
    const sentence = document.querySelector(".advice-sentence:not(.is-awaited)")?.textContent;
    const rows = [...document.querySelectorAll<HTMLElement>('.grid-table tr[data-status="done"]:has(.bar)')];
    const widthOf = (row: HTMLElement): number => parseFloat(row.querySelector<HTMLElement>(".bar")?.style.width ?? "");
    const [best] = rows.sort((a, b) => widthOf(a) - widthOf(b));
    const figure = best?.querySelector(".bar-figure")?.firstChild?.textContent;
    if (!sentence || !figure) return;
    seen.add(sentence);
    if (!sentence.includes(figure)) wrong.push(`${figure} is better: ${sentence}`);
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
}

test("while cells end the recommendation is about the rows that are shown, however late its answer", async () => {
  await onPage(browser, {}, async (page) => {
    // What the server said first is all that it says before the end.
    let first: object | null = null;
    await page.route(/\/advice$/, async (route) => {
      const answer = await route.fetch();
      const value = (await answer.json()) as { complete: boolean; recommendations: unknown[] };
      if (value.recommendations.length > 0) first ??= value;
      await route.fulfill({ response: answer, json: value.complete ? value : (first ?? value) });
    });
    await page.addInitScript(watchSentence);
    await page.goto(`${server.address}/#/experiments/${await submit(server.address, BETTERING)}`);
    await page.locator('.advice-item[data-verdict="so-far"]', { hasText: /^The best of [2-5] of 6 cells so far: / }).waitFor({ timeout: 120_000 });
    await page.locator('.advice-item:not([data-verdict="so-far"])').waitFor({ timeout: 120_000 });
    const { wrong, seen } = await page.evaluate(() => {
      const kept = window as unknown as { wrong: string[]; seen: Set<string> };
      return { wrong: kept.wrong, seen: [...kept.seen] };
    });
    assert.deepEqual(wrong, []);
    assert.ok(seen.length > 2, seen.join("\n"));
    assert.match(await page.locator(".advice-sentence").innerText(), /^Choose 8 threads/);
  });
});

test("an experiment and a run are saved as files, and why not is said", async () => {
  await onPage(
    browser,
    { acceptDownloads: true },
    async (page) => {
      const saved = async (): Promise<string> => {
        const download = page.waitForEvent("download");
        await page.getByRole("button", { name: "Save as SQLite" }).click();
        const file = await download;
        const begin = (await readFile(await file.path())).subarray(0, 15).toString();
        assert.equal(begin, "SQLite format 3");
        return file.suggestedFilename();
      };
      await page.goto(`${server.address}/#/experiments/${id}`);
      assert.equal(await saved(), `gilscope-${id}.sqlite`);
      assert.equal(await page.title(), "Side by side - gilscope");
      await page.route(/\/export\?/, (route) =>
        route.fulfill({
          status: 503,
          contentType: "application/problem+json",
          body: JSON.stringify({ title: "Busy", status: 503, detail: "a file is being written already", message: "a file is being written already", values: [] }),
        }),
      );
      await page.getByRole("button", { name: "Save as SQLite" }).click();
      await page.locator(".notice.is-error", { hasText: "a file is being written already" }).waitFor();
      await page.unroute(/\/export\?/);
      await page.goto(`${server.address}/#/runs/r1`);
      assert.equal(await page.locator(".notice.is-error").count(), 0);
      assert.equal(await saved(), "gilscope-r1.sqlite");
      assert.match(await page.title(), /^Side by side: CPython 3\.12 · .+ - gilscope$/);
    },
    /503/,
  );
});
