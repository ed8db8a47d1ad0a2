// SPDX-License-Identifier: MIT
// Pages stand still: what comes later does not push away what is there, with a quick server and
// with one that takes one to two seconds for every answer. On the slow one each page says that it
// loads, nothing fails, and nothing is sent twice.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import { type Look, looksOf, visit } from "./looks";
import { type ExperimentView, runToEnd, submit, testSite, threads, timelineOf, timelineReady } from "./page";
import { type SlowServer, slowDown } from "./slow";

const SHIFT_MAX = 0.05;

let looks: Look[];
let slow: SlowServer;
let run = "";
const site = testSite(async (address) => {
  looks = await looksOf(address);
  run = timelineOf(await runToEnd(address, threads("Slow")));
  slow = await slowDown(address, (n) => 1000 + ((n * 370) % 1000));
});
after(() => slow?.stop());

interface Watched {
  shifts: { value: number; what: string }[];
  loading: boolean;
  failed: string[];
}

/** Watches from the first moment of every document: shifts, signs of loading, signs of failure. */
function watch(): void {
  const watched: Watched = { shifts: [], loading: false, failed: [] };
  Object.assign(window, { watched });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as (PerformanceEntry & {
      value: number;
      hadRecentInput: boolean;
      sources: { node?: Node | null; previousRect: DOMRectReadOnly; currentRect: DOMRectReadOnly }[];
    })[]) {
      if (entry.hadRecentInput) continue;
      const place = ({ x, y, height }: DOMRectReadOnly): string => `${Math.round(x)},${Math.round(y)}+${Math.round(height)}`;
      const nodes = entry.sources.map(
        ({ node, previousRect, currentRect }) =>
          `${node instanceof Element ? node.className || node.tagName : node?.textContent} ${place(previousRect)} > ${place(currentRect)}`,
      );
      watched.shifts.push({ value: entry.value, what: nodes.join(", ") });
    }
  }).observe({ type: "layout-shift", buffered: true });
  const look = (): void => {
    if (document.querySelector(".loading, [aria-busy='true'], .is-waiting, .boot")) watched.loading = true;
    for (const alert of document.querySelectorAll("[role='alert'], .is-error")) {
      const text = alert.textContent ?? "";
      if (text && !watched.failed.includes(text)) watched.failed.push(text);
    }
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true });
}

const watchedOn = (page: Page): Promise<Watched> =>
  page.evaluate(() => (window as unknown as { watched: Watched }).watched);

function shiftedMore({ shifts }: Watched, name: string): string[] {
  const sum = shifts.reduce((total, { value }) => total + value, 0);
  if (sum <= SHIFT_MAX) return [];
  return [`${name}: ${sum.toFixed(3)}`, ...shifts.map(({ value, what }) => `  ${value.toFixed(3)} ${what}`)];
}

for (const width of [1280, 390]) {
  test(`no page moves what is there, ${width} pixels wide`, async () => {
    await site.onPage({ viewport: { width, height: 844 }, hasTouch: width < 600 }, async (page) => {
      await page.addInitScript(watch);
      const moved: string[] = [];
      for (const look of looks) {
        await visit(page, site.address, look);
        moved.push(...shiftedMore(await watchedOn(page), look.name));
        await look.leave?.();
      }
      assert.deepEqual(moved, []);
    });
  });
}

/* Of some seconds, with timelines, advice and findings. */
const GROWING = {
  schema: 1,
  name: "Watched",
  goal: "makespan_us",
  record: "timeline",
  limits: { spans: 4_000_000, events: 100_000_000 },
  runtimes: ["cpython-3.12", "cpython-3.14t"],
  strategies: [{ threads: 2 }, { threads: 4 }, { threads: 8 }, { asyncio: 8 }],
  gate: [{ metric: "cpu_us", max: 1 }],
  workload: { jobs: { count: 40_000, steps: [{ python_us: 100 }, { io_us: 200 }] } },
};
/* So short are its runs that what they suffer from is looked for by itself. */
const REPEATED = {
  ...GROWING,
  name: "Repeated",
  repetitions: 12,
  strategies: [{ threads: 4 }, { asyncio: 8 }],
  workload: { jobs: { count: 3000, steps: [{ python_us: 100 }, { io_us: 200 }] } },
};
const SWEPT = {
  ...GROWING,
  name: "Swept",
  runtimes: ["cpython-3.12"],
  strategies: [{ threads: 4 }, { asyncio: 8 }],
  sweep: { "/workload/jobs/steps/1/io_us": [100, 400, 1600] },
  workload: { jobs: { count: 20_000, steps: [{ python_us: 100 }, { io_us: 200 }] } },
};
/* One cell that goes on long enough for its timeline to be opened meanwhile. */
const ONE = {
  ...GROWING,
  name: "One",
  runtimes: ["cpython-3.12"],
  strategies: [{ threads: 6 }],
  workload: { jobs: { count: 300_000, steps: [{ python_us: 100 }, { io_us: 200 }] } },
};
const END = { timeout: 120_000 };

/** The run of an experiment that has begun. */
async function begunRun(experiment: string): Promise<string> {
  for (;;) {
    const answer = await fetch(`${site.address}/api/v1/experiments/${experiment}`);
    const run = ((await answer.json()) as ExperimentView).cells[0]?.runs?.[0];
    if (run) return run.id;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What is watched from the submission of an experiment to its end. */
const GROWTHS: { name: string; see(page: Page): Promise<void> }[] = [
  {
    name: "the grid",
    async see(page) {
      await page.goto(`${site.address}/#/experiments/${await submit(site.address, GROWING)}`);
      await page.locator('.page-head .status[data-status="done"]').waitFor(END);
      await page.locator(".advice-sentence").waitFor();
      await page.locator(".bar-best").first().waitFor();
    },
  },
  {
    name: "the findings of the grid",
    async see(page) {
      await page.goto(`${site.address}/#/experiments/${await submit(site.address, REPEATED)}`);
      await page.locator('.page-head .status[data-status="done"]').waitFor(END);
      const cards = page.locator(".found");
      await cards.first().waitFor();
      for (const card of await cards.all()) {
        await card.scrollIntoViewIfNeeded();
        await card.locator(".finding").first().waitFor();
      }
    },
  },
  {
    name: "the advice of a sweep",
    async see(page) {
      await page.goto(`${site.address}/#/experiments/${await submit(site.address, SWEPT)}`);
      await page.locator('.page-head .status[data-status="done"]').waitFor(END);
      await page.locator(".advice-table .is-awaited").first().waitFor({ state: "detached" });
      await page.locator(".bar-best").first().waitFor();
    },
  },
  {
    name: "the timeline",
    async see(page) {
      const run = await begunRun(await submit(site.address, ONE));
      await page.goto(`${site.address}/#/runs/${run}`);
      await page.locator(".stage-live", { hasText: /The run has ended|Przebieg się zakończył/ }).waitFor(END);
      await page.locator(".histogram").first().waitFor();
    },
  },
  {
    name: "the queue",
    async see(page) {
      await page.goto(`${site.address}/#/experiments`);
      await page.locator(".runs-table tbody tr").first().waitFor();
      await submit(site.address, GROWING);
      await submit(site.address, { ...GROWING, name: "Waits" });
      await page.locator(".queue-entry").nth(1).waitFor();
      await page.locator(".queue-entry").first().waitFor({ state: "detached", ...END });
      await page.locator('.runs-table .status[data-status="done"]').nth(1).waitFor();
    },
  },
];

/* Words have other lengths in each. */
const LOCALES = ["en-GB", "pl-PL"];

for (const locale of LOCALES) {
  for (const width of [1280, 390]) {
    for (const { name, see } of GROWTHS) {
      test(`what grows from its submission to its end moves nothing: ${name}, ${width} pixels wide, ${locale}`, async () => {
        await site.onPage({ viewport: { width, height: 800 }, hasTouch: width < 600, locale }, async (page) => {
          await page.addInitScript(watch);
          await see(page);
          await page.evaluate(() => new Promise((done) => setTimeout(done, 500)));
          assert.deepEqual(shiftedMore(await watchedOn(page), name), []);
        });
      });
    }
  }
}

test("with a slow server every page says that it loads, stands still, and fails nowhere", async () => {
  const names = ["ask", "composer", "no runs", "grid", "timeline", "api"];
  const wanted = looks.filter(({ name }) => names.includes(name));
  assert.equal(wanted.length, names.length);
  const wrong = await Promise.all(
    wanted.map(async (look) => {
      let found: string[] = [];
      await site.onPage({}, async (page) => {
        await page.addInitScript(watch);
        await visit(page, slow.address, look);
        await slow.idle();
        const watched = await watchedOn(page);
        found = [...shiftedMore(watched, look.name), ...watched.failed.map((text) => `${look.name}: ${text}`)];
        if (!watched.loading) found.push(`${look.name}: does not say that it loads`);
      });
      return found;
    }),
  );
  assert.deepEqual(wrong.flat(), []);
});

const posted = (path: RegExp): string[] => slow.asked.filter((line) => /^(POST|PUT|PATCH|DELETE)/.test(line) && path.test(line));

test("with a slow server an impatient hand runs a document once", async () => {
  await site.onPage({}, async (page) => {
    await page.goto(`${slow.address}/#/?preset=gil-two-cpu-threads`);
    const button = page.locator(".composer .button.is-primary");
    await button.waitFor();
    const before = posted(/experiments/).length;
    await button.dblclick();
    await button.click({ force: true }).catch(() => undefined);
    await page.keyboard.press("Control+Enter");
    await page.locator(".grid-table tbody tr").first().waitFor();
    assert.equal(posted(/experiments(\?|$)/).length - before, 1);
  });
});

test("with a slow server a note is written once and removed once", async () => {
  await site.onPage({}, async (page) => {
    await page.goto(`${slow.address}/#/runs/${run}`);
    await timelineReady(page);
    await page.keyboard.press("n");
    await page.locator(".note-text-field").fill("Once");
    await page.keyboard.press("Control+Enter");
    await page.keyboard.press("Control+Enter");
    const note = page.locator(".note", { hasText: "Once" });
    await note.waitFor();
    await slow.idle();
    assert.equal(posted(/notes/).length, 1);
    assert.equal(await note.count(), 1);
  });
});
