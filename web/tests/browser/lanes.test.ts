// SPDX-License-Identifier: MIT
// The lanes of a timeline as somebody arranges them: by key, by menu, by mouse, and by address.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { runToEnd, testSite, threads, timelineOf, timelineReady } from "./page";

const MANY_TASKS = {
  schema: 1,
  name: "Thousands",
  record: "timeline",
  strategies: [{ asyncio: 5000 }],
  workload: { jobs: { count: 5000, steps: [{ python_us: 5 }, { io_us: 200 }] } },
};

let run: string;
const site = testSite(async (address) => {
  run = timelineOf(await runToEnd(address, threads("Lanes")));
});

async function onTimeline(body: (page: Page) => Promise<void>, query = "", id = run): Promise<void> {
  await site.onPage({}, async (page) => {
    await page.goto(`${site.address}/#/runs/${id}${query}`);
    await timelineReady(page);
    await body(page);
  });
}

const lanes = (page: Page): Promise<string[]> => page.locator(".lane-name[data-lane] .lane-text").allInnerTexts();
const laneNamed = (page: Page, name: string) =>
  page.locator(".lane-name").filter({ has: page.locator(".lane-text", { hasText: name }) });

async function selectOn(page: Page, name: string): Promise<void> {
  const row = await laneNamed(page, name).first().boundingBox();
  const plot = await page.locator(".stage-plot").boundingBox();
  assert.ok(row && plot);
  await page.mouse.click(plot.x + plot.width / 2, row.y + row.height / 2);
  await page.locator(".details .fact-list").waitFor();
}

async function lanesBecome(page: Page, test: (names: string[]) => boolean): Promise<string[]> {
  for (;;) {
    const names = await lanes(page);
    if (test(names)) return names;
    await page.waitForTimeout(20);
  }
}

test("a lane is pinned, moved and hidden by key; the address has it, and undo takes it back", async () => {
  await onTimeline(async (page) => {
    const first = await lanes(page);
    const worker = first.filter((name) => /worker|Thread/.test(name)).at(-1) ?? "";
    assert.notEqual(worker, "");
    await selectOn(page, worker);
    await page.keyboard.press("p");
    await lanesBecome(page, (names) => names[0] === worker);
    await page.waitForURL(/pin=\d+/);
    await page.reload();
    await timelineReady(page);
    assert.equal((await lanes(page))[0], worker);
    await page.keyboard.press("p");
    assert.deepEqual(await lanesBecome(page, (names) => names[0] !== worker), first);
    await page.keyboard.press("Alt+ArrowUp");
    const up = first.indexOf(worker) - 1;
    await lanesBecome(page, (names) => names[up] === worker);
    await page.waitForURL(/move=\d+/);
    await page.keyboard.press("Alt+ArrowDown");
    await lanesBecome(page, (names) => names[up + 1] === worker);
    await page.keyboard.press("h");
    await lanesBecome(page, (names) => !names.includes(worker));
    await page.locator(".lane-state", { hasText: "1 lane hidden" }).waitFor();
    await page.keyboard.press("Control+z");
    assert.deepEqual(await lanesBecome(page, (names) => names.includes(worker)), first);
    await page.keyboard.press("Control+y");
    await lanesBecome(page, (names) => !names.includes(worker));
    await page.locator(".lane-state .button", { hasText: "Reset lanes" }).click();
    assert.deepEqual(await lanesBecome(page, (names) => names.includes(worker)), first);
    await page.waitForURL((url) => !/hide=|move=|pin=/.test(url.hash));
  });
});

test("the menu of a lane is reached and left by keyboard", async () => {
  await onTimeline(async (page) => {
    const [name = ""] = (await lanes(page)).filter((each) => /worker|Thread/.test(each)).slice(-1);
    await selectOn(page, name);
    await laneNamed(page, name).locator(".lane-menu").focus();
    await page.keyboard.press("Enter");
    await page.locator(".menu-item").first().waitFor();
    await page.keyboard.press("Escape");
    await page.locator(".menu").waitFor({ state: "detached" });
    await page.keyboard.press("Enter");
    await page.locator(".menu-item").first().waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await lanesBecome(page, (names) => !names.includes(name));
  });
});

test("a lane's name is dragged to another place", async () => {
  await onTimeline(async (page) => {
    const first = await lanes(page);
    const threads = first.filter((name) => /worker|Thread/.test(name));
    const [last = "", before = ""] = [threads.at(-1), threads.at(-3)];
    const from = await laneNamed(page, last).locator(".lane-text").boundingBox();
    const to = await laneNamed(page, before).boundingBox();
    assert.ok(from && to);
    await page.mouse.move(from.x + 8, from.y + from.height / 2);
    await page.mouse.down();
    await page.mouse.move(to.x + 8, to.y + 20, { steps: 6 });
    await page.mouse.move(to.x + 8, to.y + 4, { steps: 3 });
    await page.locator(".has-line").waitFor();
    await page.mouse.up();
    const names = await lanesBecome(page, (now) => now.indexOf(last) < now.indexOf(before));
    assert.deepEqual([...names].sort(), [...first].sort());
  });
});

test("the filter shows lanes with the text, says when there are none, and is one step of undo", async () => {
  await onTimeline(async (page) => {
    const first = await lanes(page);
    await page.keyboard.press("l");
    await page.keyboard.type("gil");
    const some = await lanesBecome(page, (names) => names.length < first.length);
    assert.ok(some.some((name) => name.includes("GIL")));
    await page.keyboard.type(" of nobody");
    await page.locator(".lane-state", { hasText: "No lane has" }).waitFor();
    await page.waitForURL(/lanes=gil\+of\+nobody/);
    await page.locator(".stage-plot").focus();
    await page.keyboard.press("Control+z");
    assert.deepEqual(await lanesBecome(page, (names) => names.length > 0), first);
  });
});

test("the legend singles states out, several with Shift, and the address keeps them", async () => {
  await onTimeline(async (page) => {
    const buttons = page.locator(".state-button");
    await buttons.nth(0).click();
    await buttons.nth(1).click({ modifiers: ["Shift"] });
    await page.waitForURL(/only=[a-z_]+%2C[a-z_]+/);
    await page.reload();
    await timelineReady(page);
    assert.equal(await page.locator('.state-button[aria-pressed="true"]').count(), 2);
    await buttons.nth(0).click();
    assert.equal(await page.locator('.state-button[aria-pressed="true"]').count(), 1);
    await buttons.nth(0).click();
    await page.waitForURL((url) => !url.hash.includes("only="));
  });
});

test("pinned lanes stay on top of thousands, which are asked for as they are seen", async () => {
  const many = timelineOf(await runToEnd(site.address, MANY_TASKS));
  await onTimeline(
    async (page) => {
      const asked: number[] = [];
      page.on("request", (request) => {
        const lanes = /\/timeline\?.*lanes=([\d,]+)/.exec(request.url())?.[1];
        if (lanes) asked.push(lanes.split(",").length);
      });
      assert.ok((await page.locator(".lane-name").count()) < 100);
      await page.locator(".stage-plot").focus();
      await page.keyboard.press("ArrowDown");
      await page.locator(".details .fact-list").waitFor();
      await page.keyboard.press("p");
      await page.locator(".lane-names-pinned .lane-name").waitFor();
      const pinned = await page.locator(".lane-names-pinned .lane-text").first().innerText();
      await page.locator(".stage-scroll").evaluate((list) => list.scrollTo(0, list.scrollHeight / 2));
      await page.waitForFunction(() => {
        const names = [...document.querySelectorAll(".lane-name[data-lane] .lane-text")];
        return names.some((name) => /\b2[34]\d\d\b/.test(name.textContent ?? ""));
      });
      while (asked.length === 0) await page.waitForTimeout(20);
      assert.equal(await page.locator(".lane-names-pinned .lane-text").first().innerText(), pinned);
      const top = await page.locator(".stage-scroll").boundingBox();
      const row = await page.locator(".lane-names-pinned").boundingBox();
      assert.ok(top && row && Math.abs(top.y - row.y) < 2, "it is at the top of the list");
      assert.ok(asked.length > 0 && Math.max(...asked) < 200, `lanes asked for: ${asked.join(" ")}`);
      assert.ok((await page.locator(".lane-name").count()) < 100);
    },
    "",
    many,
  );
});

const ON_A_LOOP = {
  schema: 1,
  name: "On a loop",
  record: "timeline",
  strategies: [{ asyncio: 20 }],
  workload: { jobs: { count: 20, steps: [{ python_us: 2000 }, { io_us: 60000 }] } },
};
/* While all tasks wait, the loop polls. */
const WAITING = "?from=45000000&to=60000000";
const PARTS = { "en-GB": ["poll", "ready", "timers"], "pl-PL": ["odpytywanie", "gotowe", "timery"] };

for (const [locale, parts] of Object.entries(PARTS)) {
  test(`what a loop works with are lanes below it (${locale})`, async () => {
    const id = timelineOf(await runToEnd(site.address, ON_A_LOOP));
    await site.onPage({ locale, colorScheme: locale === "en-GB" ? "light" : "dark" }, async (page) => {
      await page.goto(`${site.address}/#/runs/${id}${WAITING}`);
      await timelineReady(page);
      const [poll = "", ready = ""] = parts;
      const names = await lanes(page);
      const at = names.indexOf(poll);
      assert.deepEqual(names.slice(at, at + 3), parts);
      assert.equal(await page.locator('.counter-name[data-kind="ready_handles"]').count(), 0);

      const plot = await page.locator(".stage-plot").boundingBox();
      assert.ok(plot);
      const middleOf = async (name: string): Promise<[number, number]> => {
        const row = await laneNamed(page, name).first().boundingBox();
        assert.ok(row);
        return [plot.x + plot.width / 2, row.y + row.height / 2];
      };
      const card = page.locator(".hover");
      await page.mouse.move(...(await middleOf(poll)));
      await card.locator(".hover-figure").waitFor();
      const title = await card.locator(".hover-title").innerText();
      await page.mouse.click(...(await middleOf(poll)));
      await page.waitForURL(/lane=\d+&at=\d+/);
      const loop = /lane=(\d+)&/.exec(page.url())?.[1] ?? "";
      assert.ok((await page.locator(".details-title").innerText()).includes(title));
      assert.ok((await page.locator(".details-body").innerText()).includes("selector.select()"));

      await page.mouse.move(...(await middleOf(ready)));
      await card.getByText(/^0 (callbacks|callbacków)/).waitFor();
      await page.mouse.click(...(await middleOf(ready)));
      await page.waitForURL(new RegExp(`counter=${loop}\\.ready_handles&at=`));
      assert.ok((await page.locator(".details-body").innerText()).includes("loop._ready"));
      await page.keyboard.press("p");
      await page.waitForURL(new RegExp(`pin=${loop}-ready`));
      await page.reload();
      await timelineReady(page);
      assert.ok((await lanes(page))[0]?.startsWith(ready), "the place of the reader is kept");
      await page.keyboard.press("p");
      await page.waitForURL((url) => !url.hash.includes("pin="));

      await page.locator(".span-table summary").click();
      await page.locator(".span-table option").first().waitFor({ state: "attached" });
      const listed = await page.locator(".span-table option").allInnerTexts();
      assert.ok(listed.includes(poll) && !listed.includes(ready));
      await page.locator(`.lane-name[data-lane="${loop}"] .fold`).click();
      assert.ok(!(await lanes(page)).includes(poll));
    });
  });
}

test("of many lanes those from the screen on are printed, with their spans, and how many is said", async () => {
  const strategies = [{ asyncio: 300 }];
  const workload = { jobs: { count: 300, steps: [{ python_us: 20 }, { io_us: 900 }] } };
  const some = timelineOf(await runToEnd(site.address, { ...ON_A_LOOP, strategies, workload }));
  const onPaper = async (page: Page): Promise<void> => {
    await page.locator(".stage-scroll").evaluate((list) => list.scrollTo(0, 100 * 28 + 9));
    await page.locator(".lane-text", { hasText: /\b100\b/ }).waitFor();
    // What is on the paper, when the browser asks for it.
    await page.evaluate(() => {
      window.print = () => {
        window.dispatchEvent(new Event("beforeprint"));
        const canvas = document.querySelector<HTMLCanvasElement>(".stage-base");
        document.title = `${Math.round((canvas?.offsetHeight ?? 0) / 28)} rows`;
      };
    });
    await page.keyboard.press("Control+k");
    await page.locator(".palette input:focus").waitFor();
    await page.keyboard.type("print");
    await page.locator('.palette-option[aria-selected="true"]', { hasText: "Print" }).waitFor();
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.title === "80 rows");
    const note = await page.locator(".lanes-printed").innerText();
    assert.match(note, /^Rows 101 to 180 of 3\d\d\./);
    const blank = await page.evaluate(() => {
      const canvas = document.querySelector<HTMLCanvasElement>(".stage-base");
      const context = canvas?.getContext("2d");
      if (!canvas || !context) return -1;
      const row = canvas.height / 80;
      const isBlank = (_: unknown, index: number): boolean => {
        const pixels = context.getImageData(0, index * row + row / 2, canvas.width, 1).data;
        return new Set(new Uint32Array(pixels.buffer)).size < 3;
      };
      return Array.from({ length: 80 }).filter(isBlank).length;
    });
    assert.equal(blank, 0, "a lane without its spans");
    await page.evaluate(() => window.dispatchEvent(new Event("afterprint")));
    await page.locator(".lanes-printed").waitFor({ state: "detached" });
  };
  await onTimeline(onPaper, "", some);
});

/** The window, as the address has it; null for the whole run. */
function windowOf(page: Page): { from: number; to: number } | null {
  const [, from, to] = /from=(\d+)&to=(\d+)/.exec(page.url()) ?? [];
  return from === undefined ? null : { from: Number(from), to: Number(to) };
}

const durationOf = async (id: string): Promise<number> =>
  ((await (await fetch(`${site.address}/api/v1/runs/${id}`)).json()) as { duration_ns: number }).duration_ns;

function near(value: number, wanted: number, slack: number, what: string): void {
  assert.ok(Math.abs(value - wanted) <= slack, `${what}: ${value} for ${wanted}`);
}

async function withKey(page: Page, key: string, act: () => Promise<unknown>): Promise<void> {
  await page.keyboard.down(key);
  await act();
  await page.keyboard.up(key);
}

test("the wheel scrolls the lanes, or else the page; Ctrl zooms at the pointer, Shift pans", async () => {
  const many = timelineOf(await runToEnd(site.address, MANY_TASKS));
  const overPlot = async (page: Page): Promise<void> => {
    const plot = await page.locator(".stage-scroll").boundingBox();
    const names = await page.locator(".lane-names").boundingBox();
    assert.ok(plot && names);
    const left = names.x + names.width;
    await page.mouse.move(left + (plot.x + plot.width - left) / 4, plot.y + 60);
  };
  await onTimeline(
    async (page) => {
      await overPlot(page);
      await page.mouse.wheel(0, 280);
      await page.waitForFunction(() => (document.querySelector(".stage-scroll")?.scrollTop ?? 0) > 0);
      assert.equal(windowOf(page), null);
    },
    "",
    many,
  );
  const whole = await durationOf(run);
  await onTimeline(async (page) => {
    await overPlot(page);
    await page.mouse.wheel(0, 120);
    await page.waitForFunction(() => window.scrollY > 0);
    await page.evaluate(() => window.scrollTo(0, 0));
    assert.equal(windowOf(page), null);
    await overPlot(page);
    await withKey(page, "Control", () => page.mouse.wheel(0, -200));
    await page.waitForURL(/from=/);
    const zoomed = windowOf(page);
    assert.ok(zoomed && zoomed.to - zoomed.from < whole / 2);
    near(zoomed.from + (zoomed.to - zoomed.from) / 4, whole / 4, whole / 100, "what is under the pointer");
    await withKey(page, "Shift", () => page.mouse.wheel(0, 200));
    await page.waitForURL((url) => !url.hash.includes(`from=${zoomed.from}&`));
    const panned = windowOf(page);
    assert.ok(panned && panned.from > zoomed.from);
    near(panned.to - panned.from, zoomed.to - zoomed.from, 2, "the width of the window");
  });
});

test("dragging beside the brush, or over the whole run, makes a new one; pressing centres it", async () => {
  const whole = await durationOf(run);
  await onTimeline(async (page) => {
    const strip = await page.locator(".minimap").boundingBox();
    assert.ok(strip);
    const move = (share: number) => page.mouse.move(strip.x + strip.width * share, strip.y + 20, { steps: 4 });
    const drag = async (from: number, to: number): Promise<void> => {
      await move(from);
      await page.mouse.down();
      await move(to);
      await page.mouse.up();
    };
    /** Once it rests there. */
    const isWindow = async (from: number, to: number, what: string): Promise<void> => {
      const isThere = ({ hash }: URL): boolean => {
        const [, start, end] = /from=(\d+)&to=(\d+)/.exec(hash) ?? [];
        return Math.abs(Number(start) / whole - from) < 0.01 && Math.abs(Number(end) / whole - to) < 0.01;
      };
      const there = page.waitForURL(isThere, { timeout: 10_000 });
      await there.catch(() => assert.fail(`${what}: ${page.url()} of ${whole}`));
    };
    await drag(0.2, 0.4);
    await isWindow(0.2, 0.4, "over the whole run");
    await drag(0.3, 0.5);
    await isWindow(0.4, 0.6, "the brush itself");
    await drag(0.9, 0.7);
    await isWindow(0.7, 0.9, "beside the brush, backwards");
    await drag(0.9, 0.8);
    await isWindow(0.7, 0.8, "an edge");
    await drag(0.3, 0.3);
    await isWindow(0.25, 0.35, "pressed");
  });
});

test("lanes that go on below the edge fade out towards it, and a few more are all there", async () => {
  const presets = (await (await fetch(`${site.address}/api/v1/presets`)).json()) as { items: { id: string; document: object }[] };
  const document = presets.items.find(({ id }) => id === "loop-blocked")?.document;
  const blocked = timelineOf(await runToEnd(site.address, { ...document, record: "timeline" }));
  const hidden = (page: Page): Promise<number> =>
    page.locator(".stage-scroll").evaluate((list) => list.scrollHeight - list.clientHeight);
  await onTimeline(
    async (page) => {
      assert.equal(await hidden(page), 0);
      assert.equal(await page.locator(".has-more-below").count(), 0);
    },
    "",
    blocked,
  );
  const many = timelineOf(await runToEnd(site.address, MANY_TASKS));
  await onTimeline(
    async (page) => {
      assert.ok((await hidden(page)) > 0);
      await page.locator(".has-more-below:not(.has-more-above)").waitFor();
      await page.locator(".stage-scroll").evaluate((list) => list.scrollTo(0, 300));
      await page.locator(".has-more-below.has-more-above").waitFor();
      await page.locator(".stage-scroll").evaluate((list) => list.scrollTo(0, list.scrollHeight));
      await page.locator(".has-more-above:not(.has-more-below)").waitFor();
    },
    "",
    many,
  );
});

test("the legend has the letter of each state, the same in both languages", async () => {
  const lettersIn = async (locale: string): Promise<string[]> => {
    let letters: string[] = [];
    await site.onPage({ locale }, async (page) => {
      await page.goto(`${site.address}/#/runs/${run}`);
      await timelineReady(page);
      letters = await page.locator(".state-button .state-letter").allInnerTexts();
    });
    return letters;
  };
  const letters = await lettersIn("en-GB");
  for (const letter of ["R", "H", "G"]) assert.ok(letters.includes(letter), letters.join(" "));
  assert.deepEqual(await lettersIn("pl-PL"), letters);
});

test("the legend of a loop has at most two lines, in Polish, too", async () => {
  const answer = await fetch(`${site.address}/api/v1/presets`);
  const { items } = (await answer.json()) as { items: { id: string; document: object }[] };
  for (const [preset, index] of [["loop-blocked", 0], ["timeout-too-late", 2]] as const) {
    const document = items.find(({ id }) => id === preset)?.document;
    const id = timelineOf(await runToEnd(site.address, { ...document, record: "timeline" }), index);
    await site.onPage({ locale: "pl-PL" }, async (page) => {
      await page.goto(`${site.address}/#/runs/${id}`);
      await timelineReady(page);
      const entries = page.locator(".state-legend > *");
      const tops = await entries.evaluateAll((all) => all.map((each) => each.getBoundingClientRect().top));
      assert.ok(tops.length > 10 && new Set(tops).size <= 2, `${preset}: ${tops.join(" ")}`);
    });
  }
});

/** How far the page has moved by itself. */
function watchShifts(): void {
  Object.assign(window, { shifted: 0 });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[]) {
      if (!entry.hadRecentInput) (window as unknown as { shifted: number }).shifted += entry.value;
    }
  }).observe({ type: "layout-shift", buffered: true });
}

for (const [width, height] of [[1280, 800], [390, 844]] as const) {
  test(`what is selected and its details are seen together, ${width} pixels wide`, async () => {
    const id = timelineOf(await runToEnd(site.address, ON_A_LOOP));
    const lanes = await (await fetch(`${site.address}/api/v1/runs/${id}/lanes`)).json();
    const last = (lanes as { items: { id: number; kind: string }[] }).items.filter(({ kind }) => kind === "task").at(-1);
    assert.ok(last);
    const together = (page: Page) =>
      page.waitForFunction(() => {
        const row = document.querySelector(".lane-name.is-chosen")?.getBoundingClientRect();
        const header = document.querySelector(".header")?.getBoundingClientRect();
        const drawer = document.querySelector(".drawer")?.getBoundingClientRect();
        const facts = document.querySelector(".drawer .fact-list")?.getBoundingClientRect();
        if (!row || !header || !drawer || !facts) return false;
        return row.top >= header.bottom && row.bottom <= drawer.top && facts.top < innerHeight && drawer.bottom <= innerHeight + 1;
      });
    await site.onPage({ viewport: { width, height } }, async (page) => {
      await page.addInitScript(watchShifts);
      await page.goto(`${site.address}/#/runs/${id}${WAITING}&lane=${last.id}&at=50000000`);
      await timelineReady(page);
      await together(page);
      for (const key of ["]", "]", "[", ".", ","]) {
        await page.keyboard.press(key);
        await page.waitForTimeout(50);
        await together(page);
      }
      // A second click counts, though the drawer comes to lie where the first one was.
      await page.keyboard.press("Escape");
      await page.locator(".details-hint").waitFor();
      const scroll = page.locator(".stage-scroll");
      await scroll.evaluate((list) => list.scrollTo(0, list.scrollHeight));
      await page.evaluate(() => window.scrollTo(0, 0));
      const box = await scroll.boundingBox();
      const [before = ""] = /from=\d+&to=\d+/.exec(page.url()) ?? [];
      assert.ok(box && before);
      const y = Math.min(box.y + box.height, height) - 40;
      await page.mouse.dblclick(box.x + box.width / 2, y);
      await page.waitForURL((url) => !url.hash.includes(before));
      await together(page);
      const shifted = await page.evaluate(() => (window as unknown as { shifted: number }).shifted);
      assert.ok(shifted <= 0.05, `${shifted}`);
    });
  });
}

for (const [width, height] of [[1280, 800], [390, 844]] as const) {
  test(`a range and a selection leave room for the lanes, and the lane is seen after a reload, ${width} pixels wide`, async () => {
    await site.onPage({ viewport: { width, height } }, async (page) => {
      const lanes = await (await fetch(`${site.address}/api/v1/runs/${run}/lanes`)).json();
      const last = (lanes as { items: { id: number; kind: string }[] }).items.filter(({ kind }) => kind === "thread").at(-1);
      assert.ok(last);
      const together = async (): Promise<void> => {
        await page.locator(".drawer .range-wait-list").waitFor({ state: "attached" });
        await page.waitForFunction(() => {
          const row = document.querySelector(".lane-name.is-chosen")?.getBoundingClientRect();
          const header = document.querySelector(".header")?.getBoundingClientRect();
          const drawer = document.querySelector(".drawer.has-both")?.getBoundingClientRect();
          return row && header && drawer && row.top >= header.bottom && row.bottom <= drawer.top;
        });
        const free = await page.evaluate(() => {
          const header = document.querySelector(".header")?.getBoundingClientRect();
          const drawer = document.querySelector(".drawer")?.getBoundingClientRect();
          return ((drawer?.top ?? 0) - (header?.bottom ?? 0)) / innerHeight;
        });
        assert.ok(free >= 0.65, `${free}`);
      };
      await page.goto(`${site.address}/#/runs/${run}?lane=${last.id}&at=20000000`);
      await timelineReady(page);
      await page.locator(".details .fact-list").waitFor();
      // A range that is made afterwards; the page has been scrolled by hand.
      await page.mouse.wheel(0, 60);
      await page.keyboard.press("r");
      await together();
      await page.waitForURL(/range=\d+-\d+/);
      await page.reload();
      await timelineReady(page);
      await page.locator(".details .fact-list").waitFor({ state: "attached" });
      await together();
      const seen = page.locator(".drawer > .details");
      const isSeen = async (): Promise<boolean[]> => Promise.all((await seen.all()).map((each) => each.isVisible()));
      if (width > 1000) return assert.deepEqual(await isSeen(), [true, true]);
      assert.deepEqual(await isSeen(), [false, true]);
      const scrolled = await page.evaluate(() => scrollY);
      await page.locator(".drawer-switch .switch-choice").first().focus();
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      assert.equal(await page.evaluate(() => scrollY), scrolled, "nothing in the drawer is behind it");
      assert.deepEqual(await isSeen(), [true, false]);
      await together();
      // What is chosen in the one leads to the other, and the focus does not get lost.
      await page.locator(".range-wait-list .fact-link").first().focus();
      await page.keyboard.press("Enter");
      await page.locator(".drawer.shows-selection").waitFor();
      assert.equal(await page.evaluate(() => document.activeElement === document.body), false);
    });
  });
}

for (const [locale, words] of [["en-GB", "waits for the GIL"], ["pl-PL", "czeka na GIL"]] as const) {
  test(`search finds the words of states, names and labels as the page shows them (${locale})`, async () => {
    await site.onPage({ locale }, async (page) => {
      await page.goto(`${site.address}/#/runs/${run}`);
      await timelineReady(page);
      const count = async (query: string): Promise<number> => {
        const answer = await fetch(`${site.address}/api/v1/runs/${run}/spans?limit=1000&${query}`);
        return ((await answer.json()) as { items: unknown[] }).items.length;
      };
      const found = (of: number) =>
        page.waitForFunction((n) => document.querySelector(".search-count")?.textContent?.match(/\d+/)?.[0] === `${n}`, of);
      await page.keyboard.press("/");
      await page.locator(".search-input").fill(words.toUpperCase());
      const waits = await count("states=wait_gil");
      assert.ok(waits > 0);
      await found(waits);
      await page.locator(".search-input").press("Enter");
      await page.locator(".details-title", { hasText: words }).waitFor();
      // Its own spans, and those of others in whose bars it is written.
      const lanes = await (await fetch(`${site.address}/api/v1/runs/${run}/lanes`)).json();
      const id = (lanes as { items: { id: number; name: string }[] }).items.find(({ name }) => name === "worker 2")?.id;
      const [own, others] = [await count("name=worker%202"), await count(`resource=${id}`)];
      assert.ok(own > 0 && others > 0);
      await page.locator(".search-input").fill("Worker 2");
      await found(own + others);
    });
  });
}

test("the step of a span is said in words, and its JSON is a press away", async () => {
  await site.onPage({ locale: "pl-PL" }, async (page) => {
    const lanes = await (await fetch(`${site.address}/api/v1/runs/${run}/lanes`)).json();
    const last = (lanes as { items: { id: number; kind: string }[] }).items.filter(({ kind }) => kind === "thread").at(-1);
    await page.goto(`${site.address}/#/runs/${run}?lane=${last?.id}&at=20000000`);
    await timelineReady(page);
    await page.locator(".site-source").waitFor();
    const step = page.locator(".details .fact", { has: page.locator(".site-source") });
    assert.match(await step.innerText(), /^Krok\s+„(Python 3|czekanie 2)\sms” w kroku [12] zadania\s/);
    assert.equal(await step.locator("code").first().isVisible(), false);
    await step.locator("summary").click();
    assert.match(await step.locator("details").innerText(), /\/workload\/jobs\/steps\/[01] \{"(python|io)_us":\d+\}$/);
  });
});

test("what is the window already cannot be zoomed to, and keeps the focus", async () => {
  await onTimeline(async (page) => {
    const zoom = page.locator(".range .button", { hasText: "Zoom to it" });
    assert.equal(await zoom.getAttribute("aria-disabled"), "false");
    await zoom.focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/from=15000000&to=40000000/);
    assert.equal(await zoom.getAttribute("aria-disabled"), "true");
    assert.equal(await zoom.evaluate((button) => button === document.activeElement), true);
    await page.keyboard.press("Enter");
    await page.keyboard.press("s");
    await page.waitForURL((url) => !url.hash.includes("from=15000000&to=40000000"));
    assert.equal(await zoom.getAttribute("aria-disabled"), "false");
  }, "?range=15000000-40000000");
});

for (const reducedMotion of ["no-preference", "reduce"] as const) {
  test(`the drawer that opens lets a second click through, motion: ${reducedMotion}`, async () => {
    await site.onPage({ reducedMotion }, async (page) => {
      await page.goto(`${site.address}/#/runs/${run}`);
      await timelineReady(page);
      await page.locator(".stage-plot").press("ArrowUp");
      const drawer = page.locator(".drawer.is-open");
      await drawer.waitFor();
      const { name, seconds } = await drawer.evaluate((element) => {
        const { animationName, animationDuration } = getComputedStyle(element);
        return { name: animationName, seconds: parseFloat(animationDuration) };
      });
      assert.equal(name, "drawer-opens");
      assert.equal(seconds, 0.4, "as long as a double click");
      await page.waitForFunction(() => {
        const opened = document.querySelector(".drawer.is-open");
        return opened !== null && getComputedStyle(opened).pointerEvents === "auto";
      });
    });
  });
}
