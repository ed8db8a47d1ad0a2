// SPDX-License-Identifier: MIT
// Every page through axe-core, in both themes and languages: nothing serious. And what axe cannot
// see: narrow and enlarged pages, forced colours, less motion, paper.

import assert from "node:assert/strict";
import { test } from "node:test";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { runToEnd, submit, testSite, timelineOf, timelineReady } from "./page";

const GRID = {
  schema: 1,
  name: "Accessible",
  goal: "makespan_us",
  record: "timeline",
  repetitions: 2,
  runtimes: ["cpython-3.12", "cpython-3.14t"],
  strategies: [{ threads: 2 }, { threads: 4 }, { asyncio: 4 }],
  gate: [{ metric: "cpu_us", max: 1 }],
  workload: { jobs: { count: 24, steps: [{ python_us: 3000 }, { io_us: 2000 }] } },
};
const LONG = {
  schema: 1,
  name: "Long",
  record: "summary",
  repetitions: 1000,
  strategies: [{ threads: 2 }],
  workload: { jobs: { count: 20000, steps: [{ python_us: 100 }, { io_us: 200 }] } },
};
const SERIOUS = ["serious", "critical"];

/** A page, and what is to be there before it is looked at. */
interface Look {
  name: string;
  hash: string;
  ready(page: Page): Promise<unknown>;
  /** Afterwards. */
  leave?(): Promise<unknown>;
}

let looks: Look[];
const site = testSite(async (address) => {
  const grid = await runToEnd(address, GRID);
  const run = timelineOf(grid);
  await fetch(`${address}/api/v1/runs/${run}/notes`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text: "A note", from: 5_000_000, to: 9_000_000 }),
  });
  let long = "";
  const timeline = `#/runs/${run}`;
  const seen = (selector: string) => (page: Page) => page.locator(selector).first().waitFor();
  const press = (key: string, selector: string) => async (page: Page) => {
    await timelineReady(page);
    await page.keyboard.press(key);
    await page.locator(selector).first().waitFor();
  };
  looks = [
    { name: "ask", hash: "#/", ready: seen(".card") },
    { name: "composer", hash: "#/?preset=echo-convoy", ready: seen(".composer .button.is-primary") },
    {
      name: "runs",
      hash: "#/experiments",
      async ready(page) {
        long = await submit(address, LONG);
        await page.locator('.queue-entry[data-status="running"]').waitFor();
      },
      leave: () => fetch(`${address}/api/v1/experiments/${long}/cancel`, { method: "POST" }),
    },
    { name: "no runs", hash: "#/experiments?name=zzz", ready: seen(".empty") },
    { name: "grid", hash: `#/experiments/${grid.id}`, ready: seen(".grid-table tbody tr") },
    { name: "timeline", hash: timeline, ready: timelineReady },
    {
      name: "span",
      hash: `${timeline}?pin=7&only=wait_gil&range=5000000-9000000`,
      async ready(page) {
        await timelineReady(page);
        await page.locator(".stage-plot").focus();
        await page.keyboard.press("ArrowDown");
        await page.locator(".details .fact-list").waitFor();
      },
    },
    {
      name: "table",
      hash: timeline,
      async ready(page) {
        await timelineReady(page);
        await page.locator(".span-table summary").click();
        await page.locator(".span-table tbody tr").first().waitFor();
      },
    },
    { name: "search", hash: timeline, ready: press("/", ".search-input") },
    { name: "note", hash: timeline, ready: press("n", ".note-text-field") },
    { name: "palette", hash: timeline, ready: press("Control+k", ".palette-option") },
    { name: "keys", hash: timeline, ready: press("?", ".sheet-row") },
    { name: "api", hash: "#/api", ready: seen(".page-title") },
    { name: "operation", hash: "#/api/get_run", ready: seen(".page-title") },
    { name: "missing", hash: "#/nowhere", ready: seen(".empty-title") },
  ];
});

async function visit(page: Page, look: Look): Promise<void> {
  await page.goto("about:blank");
  await page.goto(`${site.address}/${look.hash}`);
  await look.ready(page);
  await page.evaluate(() => document.fonts.ready.then(() => undefined));
}

async function seriousOn(page: Page, name: string): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() =>
    (window as unknown as { axe: typeof axe }).axe.run(document, { resultTypes: ["violations"] }),
  );
  return violations
    .filter(({ impact }) => SERIOUS.includes(impact ?? ""))
    .flatMap(({ id, nodes }) =>
      nodes.slice(0, 3).map(({ target, failureSummary }) => `${name}: ${id} ${target.join(" ")} ${failureSummary}`),
    );
}

/* Each theme and each language once: colours do not depend on words. */
for (const { locale, colorScheme } of [
  { locale: "en-GB", colorScheme: "light" },
  { locale: "pl-PL", colorScheme: "dark" },
] as const) {
  test(`axe finds nothing serious: ${locale}, ${colorScheme}`, async () => {
    await site.onPage({ locale, colorScheme, reducedMotion: "reduce" }, async (page) => {
      const serious: string[] = [];
      for (const look of looks) {
        await visit(page, look);
        serious.push(...(await seriousOn(page, look.name)));
        await look.leave?.();
      }
      assert.deepEqual(serious, []);
    });
  });
}

test("no page is wider than the window: enlarged to 200 %, and on small telephones", async () => {
  const viewport = { width: 640, height: 800 }; /* 1280 at 200 % */
  await site.onPage({ viewport, locale: "pl-PL", hasTouch: true }, async (page) => {
    const wide: string[] = [];
    for (const look of looks) {
      await page.setViewportSize(viewport);
      await visit(page, look);
      for (const width of [640, 390, 320]) {
        await page.setViewportSize({ ...viewport, width });
        const needs = await page.evaluate(() => document.documentElement.scrollWidth);
        if (needs > width) wide.push(`${look.name}: ${needs} for ${width}`);
      }
      await look.leave?.();
    }
    assert.deepEqual(wide, []);
  });
});

test("with less motion nothing moves by itself", async () => {
  await site.onPage({ reducedMotion: "reduce" }, async (page) => {
    const moving: string[] = [];
    for (const look of looks) {
      await visit(page, look);
      const names = await page.evaluate(() =>
        document
          .getAnimations()
          .filter(({ playState, effect }) => {
            return playState === "running" && Number(effect?.getTiming().duration ?? 0) > 1;
          })
          .map((animation) => (animation as CSSAnimation).animationName ?? "transition"),
      );
      moving.push(...names.map((name) => `${look.name}: ${name}`));
      await look.leave?.();
    }
    assert.deepEqual(moving, []);
  });
});

test("with forced colours what is pressed, chosen and drawn can still be told", async () => {
  await site.onPage({ forcedColors: "active" }, async (page) => {
    const look = looks.find(({ name }) => name === "span");
    assert.ok(look);
    await visit(page, look);
    const borders = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>(".state-button")].map((button) => ({
        pressed: button.ariaPressed === "true",
        border: getComputedStyle(button).borderTopColor + getComputedStyle(button).borderTopStyle,
      })),
    );
    const of = (pressed: boolean): Set<string> =>
      new Set(borders.filter((each) => each.pressed === pressed).map(({ border }) => border));
    assert.ok([...of(true)].every((border) => !of(false).has(border)), "a pressed state looks like any other");
    const kept = await page.evaluate(() => {
      const swatch = document.querySelector<HTMLElement>(".swatch, .state-swatch, .state-button > :first-child");
      return swatch ? getComputedStyle(swatch).forcedColorAdjust : "no swatch";
    });
    assert.equal(kept, "none", "the legend keeps the colours of the drawing");
  });
});

test("on paper, A4 upright, there is what was found, and nothing to press", async () => {
  await site.onPage({ viewport: { width: 794, height: 1123 } }, async (page) => {
    const look = looks.find(({ name }) => name === "timeline");
    assert.ok(look);
    await visit(page, look);
    await page.emulateMedia({ media: "print" });
    for (const selector of [".header-tools", ".timeline-tools .tool-group", ".lane-menu", ".notes-head .button"]) {
      assert.equal(await page.locator(selector).first().isVisible(), false, selector);
    }
    const { width } = page.viewportSize() ?? { width: 0 };
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width);
    for (const selector of [".figures", ".stage-base", ".totals-table", ".note-text"]) {
      assert.ok(await page.locator(selector).first().isVisible(), selector);
    }
  });
});

test("the table of a lane says what the drawing shows, and leads there", async () => {
  await site.onPage({}, async (page) => {
    const look = looks.find(({ name }) => name === "table");
    assert.ok(look);
    await visit(page, look);
    const row = page.locator(".span-table tbody tr").nth(2);
    const [start, length, state] = await row.locator("td, th").allInnerTexts();
    assert.match(`${start} ${length}`, /\d.*\d/);
    await row.locator("button").click();
    await page.locator('.span-table tr[aria-current="true"]').waitFor();
    assert.ok((await page.locator(".details-title").innerText()).includes(state ?? "?"));
  });
});
