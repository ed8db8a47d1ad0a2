// SPDX-License-Identifier: MIT
// The dashboard in a real browser against a real server: ask, watch, look, and everything that
// one does on the way. Any console error fails the test it happens in.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { formatDuration } from "../../src/lib/format";
import { LANGUAGES, translateIfKnown } from "../../src/i18n/translate";
import { onPage as onFreshPage, timelineReady } from "./page";
import { type Server, startBrowser, startServer } from "./server";

const GIL_EXAMPLE = "gil-two-cpu-threads";
const SWEEP_EXAMPLE = "echo-convoy";
const LOOP_EXAMPLE = "loop-blocked";
const LOCK_EXAMPLE = "lock-held-across-await";
const TIMEOUT_EXAMPLE = "timeout-too-late";
const DEPLOYMENT_EXAMPLE = "web-server-deployment";
const DONE_TIMEOUT = 60_000;
const EDITOR = '.code-editor[data-state="ready"] .cm-content';

let server: Server;
let browser: Browser;

before(async () => {
  server = await startServer();
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

function onPage(
  options: BrowserContextOptions,
  body: (page: Page) => Promise<void>,
  expected?: RegExp,
): Promise<void> {
  return onFreshPage(browser, options, body, expected);
}

async function runExample(page: Page, id: string): Promise<void> {
  await page.goto(`${server.address}/#/?preset=${id}`);
  await page.locator(".composer .button.is-primary").click();
  await page.waitForURL(/#\/experiments\//);
  await page.locator('.page-head .status[data-status="done"]').waitFor({ timeout: DONE_TIMEOUT });
}

async function openTimeline(page: Page, row: number): Promise<void> {
  await page.locator(".grid-table tbody .cell-action a").nth(row).click();
  await page.waitForURL(/#\/runs\//);
  await timelineReady(page);
}

interface Wire {
  lanes: {
    id: number;
    start: number[];
    end: number[];
    state: number[];
    site: number[];
    count: number[];
  }[];
}

interface Lanes {
  states: string[];
  items: { id: number; kind: string; name: string }[];
}

function runOf(page: Page): string {
  return /#\/runs\/([^?]+)/.exec(page.url())?.[1] ?? "";
}

/** The longest span in `state` on a lane of `kind` that has a place in the document. */
async function longestSpan(page: Page, kind: string, state: string) {
  const api = `${server.address}/api/v1/runs/${runOf(page)}`;
  const run = (await (await fetch(api)).json()) as { duration_ns: number };
  const lanes = (await (await fetch(`${api}/lanes`)).json()) as Lanes;
  const query = `from=0&to=${run.duration_ns}&pixels=4000`;
  const wire = (await (await fetch(`${api}/timeline?${query}`)).json()) as Wire;
  const code = lanes.states.indexOf(state);
  let best = { lane: -1, start: 0, end: 0 };
  for (const lane of wire.lanes) {
    if (lanes.items.find((item) => item.id === lane.id)?.kind !== kind) continue;
    lane.start.forEach((start, i) => {
      const end = lane.end[i] ?? start;
      const single = lane.state[i] === code && lane.count[i] === 1 && (lane.site[i] ?? -1) >= 0;
      if (single && end - start > best.end - best.start) best = { lane: lane.id, start, end };
    });
  }
  assert.ok(best.lane >= 0, `no ${kind} in ${state}`);
  return { ...best, duration: run.duration_ns };
}

/** The place of a time on a lane, while the whole run is visible. */
async function placeOf(page: Page, lane: number, time: number, duration: number) {
  const row = page.locator(`.lane-name[data-lane="${lane}"]`);
  // Only the names on the screen and around it exist.
  while ((await row.count()) === 0) {
    await page.locator(".stage-scroll").evaluate((list) => list.scrollBy(0, list.clientHeight / 2));
    await page.waitForTimeout(20);
  }
  await row.scrollIntoViewIfNeeded();
  const name = await row.boundingBox();
  const plot = await page.locator(".stage-plot").boundingBox();
  assert.ok(name && plot);
  return { x: plot.x + (plot.width * time) / duration, y: name.y + name.height / 2 };
}

/** How many different colours the drawing has: an empty canvas has one. */
function coloursDrawn(page: Page): Promise<number> {
  return page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>(".stage-base");
    const context = canvas?.getContext("2d");
    if (!canvas || !context) return 0;
    const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
    const seen = new Set<number>();
    for (let i = 0; i < pixels.length; i += 4) {
      seen.add(((pixels[i] ?? 0) << 16) | ((pixels[i + 1] ?? 0) << 8) | (pixels[i + 2] ?? 0));
    }
    return seen.size;
  });
}

function windowText(page: Page): Promise<string> {
  return page.locator(".stage-window").innerText();
}

async function windowChanges(page: Page, act: () => Promise<void>): Promise<void> {
  const was = await windowText(page);
  await act();
  await page.waitForFunction(
    (text) => document.querySelector<HTMLElement>(".stage-window")?.innerText !== text,
    was,
  );
}

test("the first page needs no more than 90 KB of script", async () => {
  const html = await (await fetch(server.address)).text();
  const paths = [...html.matchAll(/(?:src|modulepreload" href)="([^"]+\.js)"/g)].map((m) => m[1]);
  assert.ok(paths.length > 0);
  const sizes = await Promise.all(
    paths.map(async (path) => {
      const script = await (await fetch(server.address + path)).arrayBuffer();
      return gzipSync(Buffer.from(script)).length;
    }),
  );
  const total = sizes.reduce((sum, size) => sum + size, 0);
  assert.ok(total <= 90 * 1024, `${total} bytes`);
  await onPage({}, async (page) => {
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await page.goto(server.address);
    await page.locator(".card").first().waitFor();
    assert.deepEqual(asked.filter((path) => path.endsWith(".js")).sort(), [...paths].sort());
  });
});

test("an empty server says so and leads to the first question", async () => {
  await onPage({}, async (page) => {
    await page.goto(`${server.address}/#/experiments`);
    await page.locator(".empty").waitFor();
    await page.locator(".empty a").click();
    await page.locator(".card").first().waitFor();
  });
});

test("every preset has a card with a name and a sentence in both languages", async () => {
  const api = `${server.address}/api/v1/presets`;
  const { items } = (await (await fetch(api)).json()) as { items: { id: string }[] };
  const texts: string[][] = [];
  for (const locale of ["en-GB", "pl-PL"]) {
    await onPage({ locale }, async (page) => {
      await page.goto(server.address);
      await page.locator(".card").nth(items.length - 1).waitFor();
      assert.equal(await page.locator(".card").count(), items.length);
      texts.push(await page.locator(".card-text").allInnerTexts());
    });
  }
  assert.ok(texts.flat().every((text) => text.length > 20));
  texts[0]?.forEach((text, index) => assert.notEqual(text, texts[1]?.[index]));
});

/** The text of an element once all that comes a moment later is in it. */
async function textAtRest(page: Page, selector: string): Promise<string> {
  const REST_MS = 500;
  for (let before = ""; ; ) {
    const now = await page.locator(selector).innerText();
    if (now === before) return now;
    before = now;
    await page.waitForTimeout(REST_MS);
  }
}

test("from a question to a picture: ask, run, grid, timeline, zoom, hover, select", async () => {
  await onPage({}, async (page) => {
    await page.goto(server.address);
    await page.locator(`.card[href$="preset=${GIL_EXAMPLE}"]`).click();
    await page.locator(EDITOR).waitFor();
    assert.match(await page.locator(EDITOR).innerText(), /"python_us"/);
    await page.locator(".composer .button.is-primary").click();
    await page.waitForURL(/#\/experiments\//);
    await page.locator('.page-head .status[data-status="done"]').waitFor({ timeout: DONE_TIMEOUT });
    const figures = await page.locator(".bar-figure").allInnerTexts();
    assert.ok(figures.length > 0 && figures.every((text) => /\d/.test(text)));

    const last = (await page.locator(".grid-table tbody tr").count()) - 1;
    await openTimeline(page, last);
    assert.ok((await coloursDrawn(page)) > 4, "the timeline is drawn");

    const wait = await longestSpan(page, "thread", "wait_gil");
    const middle = (wait.start + wait.end) / 2;
    const place = await placeOf(page, wait.lane, middle, wait.duration);
    await page.mouse.move(place.x, place.y);
    const card = page.locator(".hover");
    await card.waitFor();
    const words = await card.innerText();
    assert.match(words, /waits for the GIL/);
    assert.match(words, /\d\s?(ms|µs)/);
    assert.match(words, /Waits for\s+GIL/);
    assert.match(words, /Ended by/);

    await page.mouse.click(place.x, place.y);
    const details = page.locator(".details");
    await details.locator(".fact-list").waitFor();
    const facts = await textAtRest(page, ".details");
    assert.match(facts, /Lasted/);
    assert.match(facts, /Who held it meanwhile/);
    assert.match(facts, /Step\s+“Python .+” in step 1 of a job/);

    const ender = /Ended by\s+(.+)/.exec(facts)?.[1] ?? "";
    await page.keyboard.press("]");
    await page.waitForFunction(
      (lane) => document.querySelector(".details-lane")?.textContent === lane,
      ender,
    );
    await page.keyboard.press("[");
    // Back where one came from; exactly so as soon as what lies beside the window is there, too.
    await page.waitForFunction(
      (before) => document.querySelector<HTMLElement>(".details")?.innerText === before,
      facts,
    );

    await page.mouse.move(place.x, place.y);
    await windowChanges(page, async () => {
      await page.keyboard.down("Control");
      await page.mouse.wheel(0, -600);
      await page.keyboard.up("Control");
    });
    await windowChanges(page, async () => {
      await page.keyboard.down("Shift");
      await page.mouse.down();
      await page.mouse.move(place.x - 120, place.y, { steps: 4 });
      await page.mouse.up();
      await page.keyboard.up("Shift");
    });
    for (const key of ["w", "d", "a", "s", "+", "-"]) {
      await windowChanges(page, () => page.keyboard.press(key));
    }
    await page.waitForURL(/from=\d+&to=\d+/);
    await windowChanges(page, () => page.keyboard.press("0"));
    await page.waitForURL((url) => !url.hash.includes("from="));
  });
});

test("the URL is the view: window and selection survive a reload", async () => {
  await onPage({}, async (page) => {
    await runExample(page, GIL_EXAMPLE);
    await openTimeline(page, (await page.locator(".grid-table tbody tr").count()) - 1);
    const wait = await longestSpan(page, "thread", "wait_gil");
    const place = await placeOf(page, wait.lane, (wait.start + wait.end) / 2, wait.duration);
    await page.mouse.click(place.x, place.y);
    await page.keyboard.press("f");
    await page.waitForURL(/from=\d+&to=\d+&lane=\d+&at=\d+/);
    const was = await windowText(page);
    const facts = await page.locator(".details-title").innerText();
    await page.reload();
    await timelineReady(page);
    await page.locator(".details .fact-list").waitFor();
    assert.equal(await windowText(page), was);
    assert.equal(await page.locator(".details-title").innerText(), facts);
  });
});

test("a selection that is not there yet stays in the address while the window moves", async () => {
  await onPage({}, async (page) => {
    await runExample(page, GIL_EXAMPLE);
    await openTimeline(page, (await page.locator(".grid-table tbody tr").count()) - 1);
    const { lane, start, end } = await longestSpan(page, "thread", "wait_gil");
    const at = Math.floor((start + end) / 2);
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    await page.route(/\/timeline\?/, async (route) => {
      await held;
      await route.continue();
    });
    await page.goto(`${server.address}/#/runs/${runOf(page)}?lane=${lane}&at=${at}`);
    await page.reload();
    await page.locator(".timeline-tools").waitFor();
    await page.locator(".stage-plot").focus();
    await page.keyboard.press("+");
    await page.waitForURL(/from=\d+/);
    assert.match(page.url(), new RegExp(`lane=${lane}&at=${at}`));
    release();
    await page.locator(".details .fact-list").waitFor();
    assert.match(page.url(), new RegExp(`lane=${lane}&`));
  });
});

test("an edited address moves the open timeline", async () => {
  await onPage({}, async (page) => {
    await runExample(page, GIL_EXAMPLE);
    await openTimeline(page, (await page.locator(".grid-table tbody tr").count()) - 1);
    const wait = await longestSpan(page, "thread", "wait_gil");
    const at = Math.floor((wait.start + wait.end) / 2);
    const run = runOf(page);
    const visit = (query: string) => async (): Promise<void> => {
      await page.evaluate((hash) => {
        window.location.hash = hash;
      }, `#/runs/${run}${query}`);
    };
    const view = `?from=${wait.start}&to=${wait.end}`;
    await windowChanges(page, visit(`${view}&lane=${wait.lane}&at=${at}`));
    await page.locator(".details .fact-list").waitFor();
    assert.match(await page.locator(".details-title").innerText(), /waits for the GIL/);
    assert.ok(page.url().includes(`from=${wait.start}&to=${wait.end}`), page.url());
    await windowChanges(page, visit(""));
    await page.locator(".details-hint").waitFor();
    await timelineReady(page);
    assert.ok(page.url().endsWith(run), page.url());
  });
});

test("the cell picker goes to another run, and Back returns", async () => {
  await onPage({}, async (page) => {
    await runExample(page, SWEEP_EXAMPLE);
    await openTimeline(page, 0);
    const lanes = () => page.locator(".lane-name.is-lane").allInnerTexts();
    const spinners = page.locator(".lane-text", { hasText: "spinner" });
    const first = runOf(page);
    const before = await lanes();
    assert.equal(await spinners.count(), 0, "the first cell has no spinning thread");
    const picker = page.locator(".page-head .picker select");
    const other = await picker.locator("option").nth(3).getAttribute("value");
    assert.ok(other !== null && other !== first);
    await picker.selectOption(other);
    await page.waitForURL((url) => url.hash.startsWith(`#/runs/${other}`));
    await spinners.nth(3).waitFor();
    await timelineReady(page);
    assert.equal(runOf(page), other);
    assert.equal(await picker.inputValue(), other);
    assert.ok((await coloursDrawn(page)) > 4, "the other run is drawn");
    await page.goBack();
    await page.waitForURL((url) => url.hash.startsWith(`#/runs/${first}`));
    await spinners.first().waitFor({ state: "detached" });
    await timelineReady(page);
    assert.equal(runOf(page), first);
    assert.deepEqual(await lanes(), before);
  });
});

test("the first example that is picked brings its document into view", async () => {
  await onPage({ viewport: { width: 1280, height: 600 } }, async (page) => {
    await page.goto(server.address);
    await page.locator(".card").first().click();
    await page.locator(EDITOR).waitFor();
    await page.waitForFunction(() => {
      const box = document.querySelector("#composer-title")?.getBoundingClientRect();
      return window.scrollY > 0 && box && box.top >= 0 && box.bottom <= window.innerHeight / 2;
    });
  });
});

test("the keyboard alone reaches a span and steps through its lane", async () => {
  await onPage({}, async (page) => {
    await runExample(page, LOOP_EXAMPLE);
    await openTimeline(page, 0);
    const detailsChange = async (act: () => Promise<void>): Promise<void> => {
      const was = await page.locator(".details").innerText();
      await act();
      await page.waitForFunction(
        (text) => document.querySelector<HTMLElement>(".details")?.innerText !== text,
        was,
      );
    };
    await page.locator(".stage-plot").focus();
    const lanes = await page.locator(".lane-name.is-lane").allInnerTexts();
    const gil = lanes.findIndex((name) => name.trim() === "GIL");
    assert.ok(gil >= 0);
    for (let i = 0; i <= gil; i++) await detailsChange(() => page.keyboard.press("ArrowDown"));
    assert.match(await page.locator(".details-title").innerText(), /GIL/);
    await windowChanges(page, () => page.keyboard.press("Enter"));
    await timelineReady(page);
    await detailsChange(() => page.keyboard.press("."));
    await detailsChange(() => page.keyboard.press(","));
    await page.keyboard.press("Escape");
    await page.locator(".details-hint").waitFor();
  });
});

test("the goal comes first, and a wait for a timer blames nobody", async () => {
  await onPage({}, async (page) => {
    await runExample(page, LOOP_EXAMPLE);
    const goal = await page.locator("#metric option:checked").innerText();
    await openTimeline(page, 0);
    assert.equal(await page.locator(".figure dt").first().innerText(), goal);
    const wait = await longestSpan(page, "task", "await_timer");
    const place = await placeOf(page, wait.lane, (wait.start + wait.end) / 2, wait.duration);
    await page.mouse.click(place.x, place.y);
    await page.keyboard.press("f");
    await page.waitForURL(/from=\d+&to=\d+&lane=\d+&at=\d+/);
    await timelineReady(page);
    await page.locator(".details .fact-list").waitFor();
    assert.equal(await page.locator(".details .blame").count(), 0);
  });
});

test("a task that waits for a lock says where it gave up the loop and who held the lock", async () => {
  await onPage({}, async (page) => {
    await runExample(page, LOCK_EXAMPLE);
    await openTimeline(page, 0);
    const wait = await longestSpan(page, "task", "await_lock");
    const place = await placeOf(page, wait.lane, (wait.start + wait.end) / 2, wait.duration);
    await page.mouse.click(place.x, place.y);
    await page.locator(".details .blame").waitFor();
    const facts = await page.locator(".details").innerText();
    assert.match(facts, /awaits a lock/);
    assert.match(facts, /Waits for\s+database/);
    assert.match(facts, /Ended by\s+client \d+/);
    assert.match(facts, /“with database” in step/);
    assert.match(facts, /client \d+\s+\d[\d.]*\s?%/);
    assert.match(facts, /\d+ others\s+\d/);
    assert.match(await page.locator(".state-legend").innerText(), /awaits a lock/);

    // The row comes up above what is said about it, once a second click is out of the question.
    await page.waitForFunction(() => {
      const row = document.querySelector(".lane-name.is-chosen")?.getBoundingClientRect();
      const drawer = document.querySelector(".drawer")?.getBoundingClientRect();
      return row && drawer && row.bottom <= drawer.top;
    });
    const io = await longestSpan(page, "task", "await_io");
    const there = await placeOf(page, io.lane, (io.start + io.end) / 2, io.duration);
    await page.mouse.click(there.x, there.y);
    await page.locator(".details-title", { hasText: "awaits I/O" }).waitFor();
    const given = await page.locator(".details").innerText();
    assert.match(given, /Gave control back to\s+event loop/);
    assert.match(given, /“awaited I\/O.*” in step/);
    assert.equal(await page.locator(".details .blame").count(), 0);
  });
});

test("a slow callback has a mark that others do not hide, and the legend explains it", async () => {
  await onPage({}, async (page) => {
    await runExample(page, TIMEOUT_EXAMPLE);
    await openTimeline(page, 2);
    assert.match(await page.locator(".legend-mark").innerText(), /100 ms/);
    const lag = page.locator('.histogram[data-histogram="loop_lag"]');
    assert.match(await lag.innerText(), /longest\s+1\d\d\s?ms/);
    assert.ok((await lag.locator("rect").count()) > 2);
    const api = `${server.address}/api/v1/runs/${runOf(page)}`;
    const run = (await (await fetch(api)).json()) as { duration_ns: number };
    const lanes = (await (await fetch(`${api}/lanes`)).json()) as Lanes & {
      instants: string[];
      counters: string[];
    };
    const query = `from=0&to=${run.duration_ns}&pixels=500`;
    const { instants } = (await (await fetch(`${api}/timeline?${query}`)).json()) as {
      instants: { lane: number[]; at: number[]; kind: number[]; count: number[] };
    };
    const slow = instants.kind.indexOf(lanes.instants.indexOf("slow_callback"));
    assert.ok(slow >= 0 && (instants.count[slow] ?? 0) > 1, "it is there, and not alone");
    const place = await placeOf(
      page,
      instants.lane[slow] ?? -1,
      instants.at[slow] ?? 0,
      run.duration_ns,
    );
    await page.mouse.move(place.x + 1, place.y);
    await page.locator(".hover .tick-mark.is-alarm").waitFor();
    assert.match(await page.locator(".hover-instant").innerText(), /100 ms or more \(and \d+ more\)/);
  });
});

test("a wide grid says what does not exist, and lanes of one name are told apart", async () => {
  await onPage({}, async (page) => {
    await runExample(page, DEPLOYMENT_EXAMPLE);
    const missing = page.locator('tr[data-status="not_applicable"]');
    assert.equal(await missing.count(), 1);
    assert.match(await missing.innerText(), /InterpreterPoolExecutor/);
    const row = page.locator(".grid-table tbody tr", { hasText: "each with 8 threads" }).first();
    await row.locator(".cell-action a").click();
    await page.waitForURL(/#\/runs\//);
    await timelineReady(page);
    const heads = await page.locator('.totals-table:not(.counter-table) tbody th').allInnerTexts();
    const main = heads.filter((text) => text.startsWith("MainThread"));
    assert.equal(main.length, 5, "the parent's and four workers'");
    assert.equal(new Set(main).size, main.length, main.join(", "));
  });
});

test("every metric, state, instant and counter of the server has its words in both languages", async () => {
  const api = `${server.address}/api/v1`;
  const { items } = (await (await fetch(`${api}/metrics`)).json()) as { items: { name: string }[] };
  assert.ok(items.length > 50);
  for (const language of LANGUAGES) {
    for (const { name } of items) {
      for (const key of [`metric.${name}`, `metric.${name}.meaning`]) {
        assert.ok(translateIfKnown(language, key), `${language} ${key}`);
      }
    }
  }
  await onPage({}, async (page) => {
    await runExample(page, GIL_EXAMPLE);
    await openTimeline(page, 0);
    const run = `${api}/runs/${runOf(page)}/lanes`;
    const lanes = (await (await fetch(run)).json()) as Lanes & {
      instants: string[];
      counters: string[];
    };
    assert.ok((await page.locator(".histogram").count()) > 1);
    for (const language of LANGUAGES) {
      for (const state of lanes.states) assert.ok(translateIfKnown(language, `state.${state}`));
      for (const kind of lanes.instants) assert.ok(translateIfKnown(language, `instant.${kind}`));
      for (const kind of lanes.counters) {
        assert.ok(translateIfKnown(language, `counter.kind.${kind}`), kind);
        assert.ok(translateIfKnown(language, `counter.value.${kind}`, { count: 2 }), kind);
      }
    }
  });
});

test("the table twin has the lanes of the picture", async () => {
  await onPage({}, async (page) => {
    await runExample(page, LOOP_EXAMPLE);
    await openTimeline(page, 0);
    const rows = await page.locator('.totals-table:not(.counter-table) tbody tr').count();
    // A loop's figures are in its own row, and its counters have a table of their own.
    const parts = ["poll", "ready", "timers"];
    const names = await page.locator(".lane-name.is-lane .lane-text").allInnerTexts();
    const lanes = names.filter((name) => !parts.includes(name)).length;
    assert.equal(names.length - lanes, parts.length);
    assert.ok(rows > 3 && rows === lanes, `${rows} rows, ${lanes} lanes`);
    const figures = await page.locator('.totals-table:not(.counter-table) tbody td').allInnerTexts();
    assert.ok(figures.some((text) => /\d/.test(text)));
  });
});

test("a dragged range has the server's exact figures, stays in the address, and goes", async () => {
  await onPage({}, async (page) => {
    await runExample(page, GIL_EXAMPLE);
    const last = (await page.locator(".grid-table tbody tr").count()) - 1;
    await openTimeline(page, last);
    const plot = await page.locator(".stage-plot").boundingBox();
    assert.ok(plot);
    const y = plot.y + plot.height / 2;
    await page.mouse.move(plot.x + plot.width * 0.7, y);
    await page.mouse.down();
    await page.mouse.move(plot.x + plot.width * 0.25, y, { steps: 5 });
    await page.mouse.up();
    await page.waitForURL(/range=\d+-\d+/);
    const panel = page.locator(".range");
    await panel.locator(".range-wait-list li").first().waitFor();

    const [, from, to] = /range=(\d+)-(\d+)/.exec(page.url()) ?? [];
    const answer = await fetch(
      `${server.address}/api/v1/runs/${runOf(page)}/range?from=${from}&to=${to}`,
    );
    const stats = (await answer.json()) as {
      lanes: { id: number; totals: Record<string, number> }[];
      waits: unknown[];
    };
    assert.equal(await panel.locator(".range-wait-list li").count(), stats.waits.length);
    const waited = Math.max(...stats.lanes.map(({ totals }) => totals.wait_gil ?? 0));
    const head = page.locator('.totals-table:not(.counter-table)');
    const ofRange = await page.locator("#totals-title + .section-note").innerText();
    assert.match(ofRange, /^range.* exact$/);
    const ofCounters = await page.locator("#counters-title + .section-note").innerText();
    assert.ok(ofCounters.startsWith(ofRange.replace(/ · exact$/, "")), ofCounters);
    assert.ok((await head.innerText()).includes(formatDuration(waited, "en", 4)));

    await page.reload();
    await panel.locator(".range-wait-list li").first().waitFor();
    assert.equal(await page.locator(".details-hint").count(), 1);
    await panel.locator(".range-wait-list button").first().click();
    await page.locator(".details-title", { hasText: "waits for" }).waitFor();
    await page.keyboard.press("Escape");
    await panel.waitFor({ state: "detached" });
    await page.waitForURL((url) => !url.hash.includes("range="));
    await page.keyboard.press("r");
    await panel.waitFor();
  });
});

test("search goes from match to match, undo takes the window back, ? shows the keys", async () => {
  await onPage({}, async (page) => {
    await runExample(page, GIL_EXAMPLE);
    await openTimeline(page, (await page.locator(".grid-table tbody tr").count()) - 1);
    await page.keyboard.press("/");
    await page.locator(".search select").first().selectOption("wait_gil");
    const count = page.locator(".search-count");
    await page.waitForFunction(() => /\d+ found/.test(document.body.innerText));
    const api = `${server.address}/api/v1/runs/${runOf(page)}/spans?states=wait_gil&limit=1000`;
    const { items } = (await (await fetch(api)).json()) as { items: { lane: number }[] };
    assert.equal(await count.innerText(), `${items.length} found`);
    await page.locator(".search-input").press("Enter");
    await page.locator(".details-title", { hasText: "waits for the GIL" }).waitFor();
    assert.equal(await count.innerText(), `1 of ${items.length}`);
    await page.locator(".search-input").press("Shift+Enter");
    assert.equal(await count.innerText(), `${items.length} of ${items.length}`);
    await page.waitForURL(/state=wait_gil/);
    await page.locator(".search-input").press("Escape");
    await page.locator(".search").waitFor({ state: "detached" });

    const whole = await windowText(page);
    await windowChanges(page, () => page.keyboard.press("w"));
    await windowChanges(page, () => page.keyboard.press("Control+z"));
    assert.equal(await windowText(page), whole);
    await windowChanges(page, () => page.keyboard.press("Control+y"));

    await page.keyboard.press("?");
    const sheet = page.locator(".sheet[open]");
    await sheet.waitFor();
    assert.ok((await sheet.locator("kbd").count()) > 20);
    await page.keyboard.press("Escape");
    await sheet.waitFor({ state: "hidden" });
    assert.equal(await page.locator(".details-title").count(), 1, "the selection stays");
  });
});

interface CounterWire {
  lane: number;
  kind: number;
  before: number;
  at: number[];
  last: number[];
  count: number[];
}

test("keys zoom where the pointer is, also after the window has moved under it", async () => {
  await onPage({}, async (page) => {
    await runExample(page, GIL_EXAMPLE);
    await openTimeline(page, 0);
    const plot = await page.locator(".stage-plot").boundingBox();
    assert.ok(plot);
    const share = 0.8;
    await page.mouse.move(plot.x + plot.width * share, plot.y + 20);
    const pressed = async (keys: string): Promise<{ from: number; to: number }> => {
      const before = page.url();
      for (const key of keys) await page.keyboard.press(key);
      await page.waitForURL((url) => url.href !== before);
      const [, from, to] = /from=(\d+)&to=(\d+)/.exec(page.url()) ?? [];
      return { from: Number(from), to: Number(to) };
    };
    const at = ({ from, to }: { from: number; to: number }): number => from + (to - from) * share;
    const first = await pressed("ww");
    const second = await pressed("ww");
    assert.ok(second.to - second.from < first.to - first.from);
    assert.ok(Math.abs(at(first) - at(second)) < (first.to - first.from) / plot.width);
    await page.mouse.move(plot.x + plot.width * share, plot.y + 44);
    await page.locator(".hover").waitFor();
    const moved = await pressed("a");
    // It was about what is no longer there.
    await page.locator(".hover").waitFor({ state: "detached" });
    const third = await pressed("w");
    assert.ok(Math.abs(at(moved) - at(third)) < (moved.to - moved.from) / plot.width);
  });
});

test("counters lie below the lanes: drawn, hovered, read by keyboard, kept in the address", async () => {
  await onPage({}, async (page) => {
    await runExample(page, GIL_EXAMPLE);
    const last = (await page.locator(".grid-table tbody tr").count()) - 1;
    await openTimeline(page, last);
    const api = `${server.address}/api/v1/runs/${runOf(page)}`;
    const run = (await (await fetch(api)).json()) as { duration_ns: number };
    const { counters: names } = (await (await fetch(`${api}/lanes`)).json()) as {
      counters: string[];
    };
    const query = `from=0&to=${run.duration_ns}&pixels=4000`;
    const answer = await (await fetch(`${api}/timeline?${query}`)).json();
    const wires = (answer as { counters: CounterWire[] }).counters;
    assert.equal(await page.locator(".counter-name").count(), wires.length);

    // In the middle of the longest time without a change the value is the one before it.
    const row = wires.findIndex(({ kind }) => names[kind] === "gil_waiters");
    const wire = wires[row];
    assert.ok(wire);
    const gaps = wire.at.map((at, i) => (wire.at[i + 1] ?? run.duration_ns) - at);
    const index = gaps.indexOf(Math.max(...gaps));
    const time = (wire.at[index] ?? 0) + (gaps[index] ?? 0) / 2;
    const value = wire.last[index] ?? 0;
    await page.locator(".counter-name").nth(row).scrollIntoViewIfNeeded();
    const plot = await page.locator(".counter-plot").boundingBox();
    const name = await page.locator(".counter-name").nth(row).boundingBox();
    assert.ok(plot && name);
    const x = plot.x + (plot.width * time) / run.duration_ns;
    await page.mouse.move(x, name.y + name.height / 2);
    const card = page.locator(".hover");
    await card.waitFor();
    const expected = `${value} ${value === 1 ? "thread" : "threads"}`;
    assert.ok((await card.innerText()).includes(expected));

    await page.mouse.click(x, name.y + name.height / 2);
    await page.waitForURL(/counter=\d+\.gil_waiters&at=\d+/);
    const details = page.locator(".details-title");
    assert.ok((await details.innerText()).includes(expected));
    await page.reload();
    await timelineReady(page);
    assert.ok((await details.innerText()).includes(expected));
    const at = await page.locator(".details .fact dd").first().innerText();
    await page.keyboard.press(".");
    await page.waitForFunction(
      (text) => document.querySelector<HTMLElement>(".details .fact dd")?.innerText !== text,
      at,
    );
    await page.keyboard.press("Escape");
    await page.locator(".details-hint").waitFor();
    await page.locator(".counter-button").first().press("Enter");
    await page.locator(".details-title").waitFor();
    const table = await page.locator(".counter-table tbody tr").count();
    assert.equal(table, wires.length);
    await page.locator(".counters .fold").click();
    assert.equal(await page.locator(".counter-plot").count(), 0);
  });
});

test("a counter of a kind that the page does not know keeps its name", async () => {
  await onPage({ locale: "pl-PL" }, async (page) => {
    await runExample(page, GIL_EXAMPLE);
    await page.route(/\/lanes$/, async (route) => {
      const response = await route.fetch();
      const body = (await response.json()) as { counters: string[] };
      body.counters = body.counters.map((name) => `${name}_of_the_future`);
      await route.fulfill({ response, json: body });
    });
    await openTimeline(page, 0);
    const names = await page.locator(".counter-kind").allInnerTexts();
    assert.ok(names.length > 0);
    assert.ok(names.every((name) => name.endsWith("_of_the_future")));
  });
});

test("theme and language switch at once and are remembered", async () => {
  await onPage({}, async (page) => {
    const paper = () =>
      page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    await page.goto(server.address);
    await page.locator(".card").first().waitFor();
    const light = await paper();
    await page.locator('[data-theme-choice="dark"]').click();
    const dark = await paper();
    assert.notEqual(dark, light);
    const english = await page.locator("h1").innerText();
    await page.locator('.switch-choice[lang="pl"]').click();
    await page.locator('html[lang="pl"]').waitFor();
    const polish = await page.locator("h1").innerText();
    assert.notEqual(polish, english);
    await page.reload();
    await page.locator(".card").first().waitFor();
    assert.equal(await paper(), dark);
    assert.equal(await page.locator("h1").innerText(), polish);
  });
});

test("the timeline is drawn anew when the theme changes", async () => {
  await onPage({}, async (page) => {
    await runExample(page, GIL_EXAMPLE);
    await openTimeline(page, 0);
    const picture = () =>
      page.evaluate(() => document.querySelector<HTMLCanvasElement>(".stage-base")?.toDataURL());
    const light = await picture();
    await page.locator('[data-theme-choice="dark"]').click();
    await page.waitForFunction(
      (was) => document.querySelector<HTMLCanvasElement>(".stage-base")?.toDataURL() !== was,
      light,
    );
  });
});

/** Writes over all that is in the editor. */
async function writeDocument(page: Page, text: string): Promise<void> {
  await page.locator(EDITOR).click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(text);
}

test("what is not JSON cannot be run, and the line is named", async () => {
  await onPage({}, async (page) => {
    await page.goto(`${server.address}/#/?preset=${GIL_EXAMPLE}`);
    await writeDocument(page, '{\n  "schema": 1,\n  "name" "x"\n}');
    await page.locator(".notice").waitFor();
    assert.match(await page.locator(".notice").innerText(), /Line 3/);
    assert.ok(await page.locator(".composer .button.is-primary").isDisabled());
    await page.locator(".cm-lintRange-error").waitFor();
  });
});

test("a refusal names the place in the document, and a click selects it", async () => {
  await onPage(
    {},
    async (page) => {
      await page.goto(`${server.address}/#/?preset=${GIL_EXAMPLE}`);
      await page.locator(EDITOR).waitFor();
      const text = await page.locator(EDITOR).innerText();
      await writeDocument(page, text.replace('"schema": 1,', '"schema": 1,\n  "sed": 7,'));
      await page.locator(".composer .button.is-primary").click();
      const problem = page.locator(".problem").first();
      await problem.waitFor();
      assert.match(await problem.innerText(), /\/sed/);
      await problem.click();
      await page.keyboard.press("Delete");
      assert.doesNotMatch(await page.locator(EDITOR).innerText(), /sed/);
      await writeDocument(page, text);
      await problem.waitFor({ state: "detached" });
    },
    /status of 4\d\d/,
  );
});

test("Escape and Tab leave the editor", async () => {
  await onPage({}, async (page) => {
    await page.goto(`${server.address}/#/?preset=${GIL_EXAMPLE}`);
    await page.locator(EDITOR).focus();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Tab");
    const left = await page.evaluate(() => !document.activeElement?.matches(".code-editor"));
    assert.ok(left);
  });
});

test("what does not exist is said in words", async () => {
  await onPage(
    {},
    async (page) => {
      for (const hash of ["#/experiments/e999999", "#/runs/r999999", "#/nowhere"]) {
        await page.goto("about:blank");
        await page.goto(`${server.address}/${hash}`);
        await page.locator(".empty-title").waitFor();
      }
    },
    /status of 404/,
  );
});

test("no page is wider than a phone", async () => {
  const viewport = { width: 390, height: 844 };
  await onPage({ viewport, hasTouch: true }, async (page) => {
    const fits = async (place: string) => {
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= 390, `${place} is ${wide} pixels wide`);
    };
    await page.goto(`${server.address}/#/?preset=${GIL_EXAMPLE}`);
    await page.locator(EDITOR).waitFor();
    await fits("ask");
    await runExample(page, GIL_EXAMPLE);
    await fits("grid");
    await openTimeline(page, 0);
    await fits("timeline");
    await page.goto(`${server.address}/#/experiments`);
    await page.locator(".row-link").first().waitFor();
    await fits("runs");
    await page.goto(`${server.address}/#/api/search_spans`);
    await page.locator("#api-search_spans[open]").waitFor();
    await fits("api");
  });
});

test("names are text and nothing else, however long", async () => {
  const viewport = { width: 390, height: 844 };
  await onPage({ viewport }, async (page) => {
    const name = `<img src=x onerror="document.title='hit'">${"w".repeat(120)}`;
    const document = {
      schema: 1,
      name,
      seed: 1,
      machine: { profile: "ideal", cores: 1 },
      runtimes: ["cpython-3.12"],
      workload: { actors: [{ name: "<b>bold</b>", thread: 1, steps: [{ python_us: 10 }] }] },
    };
    const response = await fetch(`${server.address}/api/v1/experiments`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(document),
    });
    assert.equal(response.status, 201, await response.clone().text());
    const { id } = (await response.json()) as { id: string };
    await page.goto(`${server.address}/#/experiments/${id}`);
    await page.locator('.page-head .status[data-status="done"]').waitFor({ timeout: DONE_TIMEOUT });
    assert.equal(await page.locator("h1").innerText(), name);
    const wide = () => page.evaluate(() => window.document.documentElement.scrollWidth);
    assert.ok((await wide()) <= 390);
    await openTimeline(page, 0);
    assert.ok((await page.locator(".lane-text").allInnerTexts()).includes("<b>bold</b>"));
    assert.ok((await wide()) <= 390);
    assert.equal(await page.locator("img, b").count(), 0);
  });
});

test("a grid sorts by its metric, best first, and back", async () => {
  await onPage({}, async (page) => {
    await runExample(page, SWEEP_EXAMPLE);
    const names = () =>
      page
        .locator(".grid-table tbody tr")
        .evaluateAll((rows) => rows.map((row) => row.getAttribute("data-cell")));
    const before = await names();
    await page.locator(".uplot canvas").first().waitFor();
    assert.equal(await page.locator(".uplot canvas").count(), 1, "a sweep has a chart");
    await page.locator(".sort").click();
    const best = page.locator(".grid-table tbody tr").first().locator(".bar-best");
    await best.waitFor();
    assert.notDeepEqual(await names(), before);
    await page.locator(".sort").click();
    assert.deepEqual(await names(), before);
  });
});

test("the list of runs leads back to an experiment", async () => {
  await onPage({}, async (page) => {
    await runExample(page, GIL_EXAMPLE);
    const name = await page.locator("h1").innerText();
    await page.locator('.nav-link[href="#/experiments"]').click();
    // It may have been run before: the same document is the same experiment.
    await page.locator(".runs-table .row-link", { hasText: name }).first().click();
    await page.locator(".grid-table").waitFor();
    assert.equal(await page.locator("h1").innerText(), name);
  });
});

test("an experiment with a goal says whom to choose, as the server does", async () => {
  await onPage({}, async (page) => {
    await runExample(page, DEPLOYMENT_EXAMPLE);
    const sentence = page.locator(".advice-sentence").first();
    await sentence.waitFor();
    const id = /experiments\/(\w+)/.exec(page.url())?.[1];
    const advice = await (await fetch(`${server.address}/api/v1/experiments/${id}/advice`)).json();
    const [first] = advice.recommendations;
    const chosen = first.verdict === "stay" ? first.first : first.best;
    const text = await sentence.innerText();
    const numbers = `${chosen.strategy} ${chosen.runtime}`.match(/\d+(\.\d+)?/g) ?? [];
    assert.ok(numbers.length > 1 && numbers.every((number) => text.includes(number)), `${chosen.strategy} in: ${text}`);
    assert.equal(await page.locator(".advice-item").count(), 1);
  });
});

test("a virtual speed-up names the steps, the one that gains most first", async () => {
  await onPage({}, async (page) => {
    await runExample(page, SWEEP_EXAMPLE);
    await openTimeline(page, 1);
    await page.locator(".speedup .button").click();
    const rows = page.locator(".speedup tbody tr");
    await rows.first().waitFor({ timeout: DONE_TIMEOUT });
    const run = /runs\/(\w+)/.exec(page.url())?.[1];
    const answer = await (await fetch(`${server.address}/api/v1/runs/${run}/speedup`)).json();
    assert.equal(await rows.count(), answer.speedup.steps.length);
    const sites = await page.locator(".speedup tbody th .explanation").allTextContents();
    assert.deepEqual(
      sites.map((text) => text.split(" ")[0]),
      answer.speedup.steps.map(({ site }: { site: string }) => site),
    );
  });
});

test("a page says who it is when it has something made, so that pages share the server", async () => {
  await onPage({}, async (page) => {
    const clients = new Map<string, string | null>();
    page.on("request", (sent) => {
      const { pathname, searchParams } = new URL(sent.url());
      if (sent.method() === "POST" || /findings$/.test(pathname)) {
        clients.set(pathname.replace(/.*\//, ""), searchParams.get("client"));
      }
    });
    await runExample(page, SWEEP_EXAMPLE);
    await openTimeline(page, 1);
    await page.locator(".findings .button").first().click();
    await page.locator(".finding").first().waitFor({ timeout: DONE_TIMEOUT });
    const [run = null, findings = null] = ["experiments", "findings"].map((name) => clients.get(name));
    assert.match(run ?? "", /^page-\w+$/);
    assert.equal(findings, run);
  });
});

test("a finding leads to its proof, and its remedy to a new experiment", async () => {
  await onPage({}, async (page) => {
    await runExample(page, SWEEP_EXAMPLE);
    await openTimeline(page, 1);
    await page.locator(".findings .button").first().click();
    const finding = page.locator('.finding[data-rule="gil-convoy"]');
    await finding.waitFor({ timeout: DONE_TIMEOUT });
    const link = finding.locator(".finding-head a");
    const target = new URLSearchParams((await link.getAttribute("href"))?.split("?")[1]);
    await link.click();
    await page.locator(".timeline-tools").waitFor();
    await page.waitForFunction(() => window.location.hash.includes("lane="));
    const shown = new URLSearchParams(new URL(page.url()).hash.split("?")[1]);
    assert.equal(shown.get("lane"), target.get("lane"));
    assert.equal(shown.get("from"), target.get("from"));
    await finding.locator(".finding-advice .button").click();
    await page.waitForURL(/#\/experiments\//);
    await page
      .locator('.page-head .status[data-status="done"]')
      .waitFor({ timeout: DONE_TIMEOUT });
  });
});
