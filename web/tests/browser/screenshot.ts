// SPDX-License-Identifier: MIT
// Pictures of the real thing. Without arguments: web/screenshot.png, the timeline of the convoy
// example, 1280 wide. With --all DIR: every page in both themes, languages and widths.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { startBrowser, startServer } from "./server";

const CONVOY = "echo-convoy";
const GRID = "requests-200";
const BLOCKED_LOOP = "loop-blocked";
const LATE_TIMEOUT = "timeout-too-late";
const AWAITED_LOCK = "lock-held-across-await";
const TASK_GROUP = "task-group-fails";
const CHUNKS = "pool-chunks";
const DEPLOYMENT = "web-server-deployment";

interface Preset {
  id: string;
  document: unknown;
}

interface ExperimentView {
  id: string;
  status: string;
  cells: { runs?: { id: string; has_timeline: boolean }[] }[];
}

async function readJson<T>(address: string): Promise<T> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: HTTP ${response.status}`);
  return (await response.json()) as T;
}

/** Submits a preset and reads the experiment until it is over. */
async function runPreset(address: string, id: string): Promise<ExperimentView> {
  const api = `${address}/api/v1`;
  const { items } = await readJson<{ items: Preset[] }>(`${api}/presets`);
  const preset = items.find((item) => item.id === id);
  if (!preset) throw new Error(`the server has no preset ${id}`);
  const response = await fetch(`${api}/experiments`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(preset.document),
  });
  const created = (await response.json()) as ExperimentView;
  if (response.status !== 201) throw new Error(`${id} was refused: ${JSON.stringify(created)}`);
  for (;;) {
    const view = await readJson<ExperimentView>(`${api}/experiments/${created.id}`);
    if (view.status === "done") return view;
    if (view.status !== "queued" && view.status !== "running") {
      throw new Error(`${id} ended as ${view.status}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The run with a timeline of the cell at `index` from the end. */
function timelineOf(view: ExperimentView, index: number): string {
  const runs = view.cells.flatMap((cell) => (cell.runs ?? []).filter((run) => run.has_timeline));
  const run = runs[index];
  if (!run) throw new Error(`experiment ${view.id} has no timeline at ${index}`);
  return run.id;
}

async function settle(page: Page): Promise<void> {
  await page.waitForLoadState("networkidle");
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
  await settle(page);
  await page.screenshot({ path });
  await context.close();
}

async function pictures(
  context: BrowserContext,
  pages: [string, string][],
  folder: string,
  tag: string,
) {
  const page = await context.newPage();
  for (const [name, address] of pages) {
    await page.goto("about:blank");
    await page.goto(address);
    await settle(page);
    if (name.startsWith("timeline")) {
      await page.locator('.stage-base[data-ready="yes"]').waitFor();
      if (name.endsWith("zoomed")) {
        await page.locator(".lane-name").last().scrollIntoViewIfNeeded();
        const box = await page.locator(".stage-plot").boundingBox();
        if (box) await page.mouse.click(box.x + box.width * 0.5, box.y + box.height - 14);
        if (box) await page.mouse.move(box.x + box.width * 0.5, box.y + box.height - 14);
      }
      await settle(page);
    }
    await page.screenshot({ path: join(folder, `${name}-${tag}.png`), fullPage: true });
  }
  await context.close();
}

async function everything(browser: Browser, address: string, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const empty = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  await pictures(empty, [["runs-empty", `${address}/#/experiments`]], folder, "en-light-1280");
  const convoy = await runPreset(address, CONVOY);
  const grid = await runPreset(address, GRID);
  const loop = await runPreset(address, BLOCKED_LOOP);
  const timeout = await runPreset(address, LATE_TIMEOUT);
  const lock = await runPreset(address, AWAITED_LOCK);
  const group = await runPreset(address, TASK_GROUP);
  const chunks = await runPreset(address, CHUNKS);
  const deployment = await runPreset(address, DEPLOYMENT);
  const busy = timelineOf(convoy, 2);
  const pages: [string, string][] = [
    ["ask", `${address}/#/`],
    ["ask-preset", `${address}/#/?preset=${CONVOY}`],
    ["runs", `${address}/#/experiments`],
    ["grid-convoy", `${address}/#/experiments/${convoy.id}?metric=throughput_per_s`],
    ["grid-requests", `${address}/#/experiments/${grid.id}`],
    ["timeline", `${address}/#/runs/${busy}`],
    ["timeline-zoomed", `${address}/#/runs/${busy}?from=20000000&to=60000000`],
    ["timeline-loop", `${address}/#/runs/${timelineOf(loop, 0)}`],
    ["timeline-asyncio", `${address}/#/runs/${timelineOf(grid, 2)}`],
    ["timeline-timeout", `${address}/#/runs/${timelineOf(timeout, 2)}`],
    ["timeline-lock-zoomed", `${address}/#/runs/${timelineOf(lock, 0)}`],
    ["timeline-group", `${address}/#/runs/${timelineOf(group, 0)}`],
    ["timeline-pool", `${address}/#/runs/${timelineOf(chunks, 1)}`],
    ["grid-deployment", `${address}/#/experiments/${deployment.id}`],
    ["timeline-each-threads", `${address}/#/runs/${timelineOf(deployment, 3)}`],
    ["timeline-each-loop", `${address}/#/runs/${timelineOf(deployment, 4)}`],
    ["timeline-interpreters", `${address}/#/runs/${timelineOf(deployment, 8)}`],
    ["missing", `${address}/#/experiments/none`],
  ];
  for (const locale of ["en-GB", "pl-PL"]) {
    for (const colorScheme of ["light", "dark"] as const) {
      for (const width of [1280, 390]) {
        const viewport = { width, height: width === 390 ? 844 : 800 };
        const options = { viewport, locale, colorScheme, hasTouch: width === 390 };
        const context = await browser.newContext(options);
        await pictures(context, pages, folder, `${locale.slice(0, 2)}-${colorScheme}-${width}`);
      }
    }
  }
}

const server = await startServer();
const browser = await startBrowser();
try {
  const all = process.argv.indexOf("--all");
  const folder = all < 0 ? undefined : process.argv[all + 1];
  if (all >= 0 && !folder) throw new Error("--all needs a folder");
  if (folder) {
    await everything(browser, server.address, folder);
  } else {
    const convoy = await runPreset(server.address, CONVOY);
    const path = join(process.env.GILSCOPE_WEB ?? ".", "screenshot.png");
    await pictureOfTimeline(browser, server.address, timelineOf(convoy, 2), path);
    console.log(path);
  }
} finally {
  await browser.close();
  await server.stop();
}
