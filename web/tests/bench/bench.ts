// SPDX-License-Identifier: MIT
// How quick the dashboard is in headless Chromium, one JSON object a line: name, value, unit,
// which direction is better, how it was measured. No test: nothing is compared with a limit.
//   npm run bench [NAME ...]

import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { type Server, startBrowser, startServer } from "../browser/server";
import { busyFrames, percentile, shareLate, traceTasks } from "./frames";
import { openTenMillion } from "./long-run";

interface Figure {
  name: string;
  value: number;
  unit: string;
  better: "lower" | "higher";
  note: string;
}

interface Bench {
  server: Server;
  browser: Browser;
}

type Case = (bench: Bench) => Promise<Figure[]>;

const VIEW = { width: 1280, height: 900 };
const COLD_LOADS = 20;
const DRIVE_STEPS = 600;
const JUMPS = 200;
/* An hour of use: one thing a second. */
const HOUR_ACTIONS = 3600;

const round = (value: number): number => Number(value.toPrecision(4));

async function freshPage<T>({ browser }: Bench, act: (page: Page) => Promise<T>): Promise<T> {
  const context = await browser.newContext({ viewport: VIEW, locale: "en-GB" });
  try {
    return await act(await context.newPage());
  } finally {
    await context.close();
  }
}

/* --- the first page --- */

async function scriptSize({ server }: Bench): Promise<Figure[]> {
  const html = await (await fetch(server.address)).text();
  const paths = [...html.matchAll(/(?:src|modulepreload" href)="([^"]+\.js)"/g)].map((m) => m[1]);
  let bytes = 0;
  for (const path of paths) {
    const script = await (await fetch(server.address + path)).arrayBuffer();
    bytes += gzipSync(Buffer.from(script)).length;
  }
  const note = `${paths.length} scripts that the first page asks for, gzip`;
  return [{ name: "first_script_kb", value: round(bytes / 1024), unit: "KiB", better: "lower", note }];
}

/* Nothing is evaluated in the page until it has told, by a line on its console, what is waited
 * for: the first evaluation brings 300 KB of the tool's own script, 80 ms of the page's thread. */
const SEEN = "what is waited for was drawn";

/** Loads an address in a new context; when its first paint was, and `selector` was drawn. */
async function coldLoad(bench: Bench, address: string, selector: string): Promise<[number, number]> {
  return freshPage(bench, async (page) => {
    await page.addInitScript(
      ([wanted = "", seen]) => {
        const look = (): void => {
          if (!document.querySelector(wanted)) return;
          watch.disconnect();
          requestAnimationFrame(() => {
            performance.mark("seen");
            new PerformanceObserver((list, observer) => {
              if (list.getEntriesByName("first-contentful-paint").length === 0) return;
              observer.disconnect();
              console.log(seen);
            }).observe({ type: "paint", buffered: true });
          });
        };
        const watch = new MutationObserver(look);
        watch.observe(document, { childList: true, subtree: true });
      },
      [selector, SEEN],
    );
    const seen = page.waitForEvent("console", (message) => message.text() === SEEN);
    await page.goto(address, { waitUntil: "commit" });
    await seen;
    return page.evaluate((): [number, number] => [
      performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0,
      performance.getEntriesByName("seen")[0]?.startTime ?? 0,
    ]);
  });
}

async function firstPicture(bench: Bench): Promise<Figure[]> {
  const plain: number[] = [];
  const painted: number[] = [];
  const cards: number[] = [];
  for (let i = 0; i < COLD_LOADS; i++) {
    plain.push((await coldLoad(bench, `${bench.server.address}/healthz`, "body *"))[0]);
    const [paint, card] = await coldLoad(bench, bench.server.address, ".card");
    painted.push(paint);
    cards.push(Math.max(paint, card));
  }
  const note = `median of ${COLD_LOADS} loads, each in a context of its own with nothing in its cache`;
  return [
    { name: "plain_paint_ms", value: round(percentile(plain, 0.5)), unit: "ms", better: "lower", note: `first contentful paint of /healthz, a line of text, ${note}` },
    { name: "first_paint_ms", value: round(percentile(painted, 0.5)), unit: "ms", better: "lower", note: `first contentful paint, ${note}` },
    { name: "first_picture_ms", value: round(percentile(cards, 0.5)), unit: "ms", better: "lower", note: `the same, and the examples are in it, ${note}` },
  ];
}

/* --- the timeline of a long run --- */

/** Pans and zooms by wheel as a hand does: in runs of one kind, each event in its own frame. */
async function drive(page: Page, steps: number): Promise<void> {
  await page.evaluate(async (count) => {
    const stage = document.querySelector(".stage-plot");
    if (!stage) throw new Error("there is no timeline");
    const { left, top, width } = stage.getBoundingClientRect();
    for (let i = 0; i < count; i++) {
      const zoom = Math.floor(i / 30) % 2 === 0;
      const inwards = Math.floor(i / 60) % 4 < 3;
      const x = left + width * (0.2 + 0.6 * ((i * 0.618) % 1));
      const event = new WheelEvent("wheel", {
        bubbles: true,
        cancelable: true,
        clientX: x,
        clientY: top + 60,
        ctrlKey: zoom,
        deltaX: zoom ? 0 : 60,
        deltaY: zoom ? (inwards ? -40 : 60) : 0,
      });
      stage.dispatchEvent(event);
      await new Promise(requestAnimationFrame);
    }
  }, steps);
}

async function panAndZoom(bench: Bench): Promise<Figure[]> {
  return freshPage(bench, async (page) => {
    const note = await openTenMillion(page, bench.server.address);
    await drive(page, 60);
    const tasks = await traceTasks(page, () => drive(page, DRIVE_STEPS));
    const busy = busyFrames(tasks);
    const missed = shareLate(tasks, 25);
    return [
      { name: "frame_p95_ms", value: round(percentile(busy, 0.95)), unit: "ms", better: "lower", note: `CPU time of the page's thread for a frame while panning and zooming, ${busy.length} frames; ${note}` },
      { name: "frame_p50_ms", value: round(percentile(busy, 0.5)), unit: "ms", better: "lower", note: "the same, median" },
      { name: "frames_missed_percent", value: round(100 * missed), unit: "%", better: "lower", note: "frames that began more than 25 ms after the one before" },
    ];
  });
}

async function zoomJumps(bench: Bench): Promise<Figure[]> {
  return freshPage(bench, async (page) => {
    const note = await openTenMillion(page, bench.server.address);
    const times = await page.evaluate(async (count) => {
      const run = location.hash.split("?")[0];
      const whole = 400e9;
      // A window that is asked for is so within this time; another one was there already.
      const COVERED_MS = 300;
      const durations: { asked: number; whole: number }[] = [];
      const frame = (): Promise<number> => new Promise(requestAnimationFrame);
      let seed = 1;
      const random = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
      for (let i = 0; i < count; i++) {
        const wide = whole * 10 ** (-7 * random());
        const from = Math.floor(random() * (whole - wide));
        performance.clearResourceTimings();
        const begin = performance.now();
        location.hash = `${run}?from=${from}&to=${Math.floor(from + wide)}`;
        // An answer may come between two frames, before the sign of waiting is ever seen.
        let end = begin;
        let asked: number[] = [];
        do {
          end = await frame();
          asked = performance
            .getEntriesByType("resource")
            .filter(({ name, startTime }) => name.includes("/timeline?") && startTime >= begin)
            .map(({ startTime }) => startTime);
        } while (
          document.querySelector(".stage-stale") !== null ||
          (asked.length === 0 && end - begin < COVERED_MS)
        );
        if (asked.length > 0) durations.push({ asked: end - Math.min(...asked), whole: end - begin });
      }
      return durations;
    }, JUMPS);
    const p = (values: number[], share: number): number => round(percentile(values, share));
    const about = `${times.length} jumps to windows from 40 us to the whole; ${note}`;
    return [
      { name: "jump_p95_ms", value: p(times.map(({ asked }) => asked), 0.95), unit: "ms", better: "lower", note: `from the request to the frame that shows its answer, ${about}` },
      { name: "jump_p50_ms", value: p(times.map(({ asked }) => asked), 0.5), unit: "ms", better: "lower", note: "the same, median" },
      { name: "jump_felt_p95_ms", value: p(times.map(({ whole }) => whole), 0.95), unit: "ms", better: "lower", note: "from the jump itself" },
    ];
  });
}

async function heapOfAnHour(bench: Bench): Promise<Figure[]> {
  return freshPage(bench, async (page) => {
    const note = await openTenMillion(page, bench.server.address);
    const session = await page.context().newCDPSession(page);
    const heap = async (): Promise<number> => {
      await session.send("HeapProfiler.collectGarbage");
      const heap = await session.send("Runtime.getHeapUsage");
      return (heap.usedSize + heap.embedderHeapUsedSize + heap.backingStorageSize) / 1e6;
    };
    const seen: number[] = [];
    for (let i = 0; i < HOUR_ACTIONS; i += 60) {
      await drive(page, 40);
      for (const key of ["]", "[", "Home", "ArrowRight", "+", "-", "Escape"]) await page.keyboard.press(key);
      await page.evaluate(() => (location.hash = "#/experiments"));
      await page.locator(".row-link").first().waitFor();
      await page.goBack();
      await page.locator('.stage-base[data-ready="yes"]').waitFor();
      seen.push(await heap());
    }
    const tenth = Math.ceil(seen.length / 10);
    const early = percentile(seen.slice(tenth, 2 * tenth), 0.5);
    const late = percentile(seen.slice(-tenth), 0.5);
    return [
      { name: "heap_mb", value: round(Math.max(...seen)), unit: "MB", better: "lower", note: `largest after a collection, scripts, nodes and columns, ${HOUR_ACTIONS} actions; ${note}` },
      { name: "heap_growth", value: round(late / early), unit: "x", better: "lower", note: "last tenth over the second" },
    ];
  });
}

const cases: Record<string, Case> = {
  script: scriptSize,
  first: firstPicture,
  frames: panAndZoom,
  jumps: zoomJumps,
  heap: heapOfAnHour,
};

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !(name in cases));
if (unknown !== undefined) {
  console.error(`bench: no case ${unknown}; there are ${Object.keys(cases).join(", ")}`);
  process.exit(2);
}
const server = await startServer();
const browser = await startBrowser();
try {
  for (const [name, measure] of Object.entries(cases)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    for (const figure of await measure({ server, browser })) console.log(JSON.stringify(figure));
  }
} finally {
  await browser.close();
  await server.stop();
}
