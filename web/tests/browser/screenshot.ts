// SPDX-License-Identifier: MIT
// Pictures of the real thing. Without arguments: web/screenshot.png, the timeline of the convoy
// example, 1280 wide. With --all: every page in both themes, languages and widths, into
// build/screens, or the folder that is named after it.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { type Look, looksOf, visit } from "./looks";
import { type ExperimentView, runToEnd, timelineOf, timelineReady } from "./page";
import { startBrowser, startServer } from "./server";

/* Those whose timelines have something of their own to show. */
const CONVOY = "echo-convoy";
const GRID = "requests-200";
const DEPLOYMENT = "web-server-deployment";
const TIMELINES = {
  loop: { preset: "loop-blocked", run: 0 },
  asyncio: { preset: GRID, run: 2 },
  timeout: { preset: "timeout-too-late", run: 2 },
  lock: { preset: "lock-held-across-await", run: 0 },
  group: { preset: "task-group-fails", run: 0 },
  pool: { preset: "pool-chunks", run: 1 },
  "each threads": { preset: DEPLOYMENT, run: 3 },
  "each loop": { preset: DEPLOYMENT, run: 4 },
  interpreters: { preset: DEPLOYMENT, run: 8 },
};

/** Submits a preset and reads the experiment when it is over. */
async function runPreset(address: string, id: string): Promise<ExperimentView> {
  const response = await fetch(`${address}/api/v1/presets`);
  const { items } = (await response.json()) as { items: { id: string; document: unknown }[] };
  const preset = items.find((item) => item.id === id);
  if (!preset) throw new Error(`the server has no preset ${id}`);
  return runToEnd(address, preset.document);
}

/* A page that follows the server never has a quiet network: what still loads says so. */
const LOADS = ["loading", 'card-picture[data-state="waiting"]', 'side-picture[data-state="waiting"]']
  .map((what) => `.${what}`)
  .join();

/** All of the page is there, also what comes only when it is near the window. Elsewhere nothing
 * moves: the card beside the pointer would go. */
async function settle(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const isLazy = document.querySelector(".card-picture, .side-picture") !== null;
    for (let top = 0; isLazy && top < document.documentElement.scrollHeight; top += window.innerHeight / 2) {
      window.scrollTo(0, top);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    if (isLazy) window.scrollTo(0, 0);
  });
  await page.waitForFunction((selector) => document.querySelector(selector) === null, LOADS);
  await page.evaluate(() => document.fonts.ready.then(() => undefined));
}

async function pictureOfTimeline(browser: Browser, address: string, run: string, path: string) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    locale: "en-GB",
    colorScheme: "light",
  });
  const page = await context.newPage();
  await page.goto(`${address}/#/runs/${run}?from=20000000&to=75000000`);
  await page.locator('.stage-base[data-ready="yes"]').waitFor();
  await settle(page);
  const plot = await page.locator(".stage-plot").boundingBox();
  if (!plot) throw new Error("the timeline has no place on the page");
  const echo = { x: plot.x + plot.width * 0.55, y: plot.y + plot.height - 14 };
  await page.mouse.click(echo.x, echo.y);
  await page.mouse.move(echo.x + 1, echo.y);
  await page.locator(".hover").waitFor();
  await page.screenshot({ path });
  await context.close();
}

/** Half way along the last lane: a click selects what is there, and its card opens. */
async function clickLastLane(page: Page): Promise<void> {
  await timelineReady(page);
  await page.locator(".lane-name").last().scrollIntoViewIfNeeded();
  const box = await page.locator(".stage-plot").boundingBox();
  if (!box) return;
  await page.mouse.click(box.x + box.width * 0.5, box.y + box.height - 14);
  await page.mouse.move(box.x + box.width * 0.5 + 1, box.y + box.height - 14);
}

/** Every page, and beside them what examples show. */
async function everyLook(address: string): Promise<Look[]> {
  const looks = await looksOf(address);
  const presets = new Set([CONVOY, ...Object.values(TIMELINES).map(({ preset }) => preset)]);
  const views = new Map<string, ExperimentView>();
  for (const id of presets) views.set(id, await runPreset(address, id));
  const view = (id: string): ExperimentView => views.get(id) as ExperimentView;
  const busy = `#/runs/${timelineOf(view(CONVOY), 2)}`;
  const grid = (page: Page): Promise<void> => page.locator(".grid-table tbody tr").first().waitFor();
  return [
    ...looks,
    ...[CONVOY, GRID, DEPLOYMENT].map((id) => ({
      name: `grid ${id}`,
      hash: `#/experiments/${view(id).id}`,
      ready: grid,
    })),
    { name: "timeline busy", hash: busy, ready: timelineReady },
    { name: "timeline card", hash: `${busy}?from=20000000&to=60000000`, ready: clickLastLane },
    ...Object.entries(TIMELINES).map(([name, { preset, run }]) => ({
      name: `timeline ${name}`,
      hash: `#/runs/${timelineOf(view(preset), run)}`,
      ready: timelineReady,
    })),
  ];
}

async function everything(browser: Browser, address: string, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const looks = await everyLook(address);
  for (const locale of ["en-GB", "pl-PL"]) {
    for (const colorScheme of ["light", "dark"] as const) {
      for (const width of [1280, 390]) {
        const viewport = { width, height: width === 390 ? 844 : 800 };
        const options = { viewport, locale, colorScheme, hasTouch: width === 390 };
        const context = await browser.newContext(options);
        const page = await context.newPage();
        const tag = `${locale.slice(0, 2)}-${colorScheme}-${width}`;
        for (const look of looks) {
          await visit(page, address, look);
          await settle(page);
          const path = join(folder, `${look.name.replaceAll(" ", "-")}-${tag}.png`);
          await page.screenshot({ path, fullPage: true });
          await look.leave?.();
        }
        await context.close();
      }
    }
  }
}

const server = await startServer();
const browser = await startBrowser();
try {
  const all = process.argv.indexOf("--all");
  const web = process.env.GILSCOPE_WEB ?? ".";
  if (all >= 0) {
    const folder = process.argv[all + 1] ?? join(web, "..", "build", "screens");
    await everything(browser, server.address, folder);
    console.log(folder);
  } else {
    const convoy = await runPreset(server.address, CONVOY);
    const path = join(web, "screenshot.png");
    await pictureOfTimeline(browser, server.address, timelineOf(convoy, 2), path);
    console.log(path);
  }
} finally {
  await browser.close();
  await server.stop();
}
