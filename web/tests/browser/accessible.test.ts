// SPDX-License-Identifier: MIT
// Every page through axe-core, in both themes and languages: nothing serious. And what axe cannot
// see: narrow and enlarged pages, forced colours, less motion, paper.

import assert from "node:assert/strict";
import { test } from "node:test";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { type Look, looksOf, visit } from "./looks";
import { testSite } from "./page";

const SERIOUS = ["serious", "critical"];

let looks: Look[];
const site = testSite(async (address) => {
  looks = await looksOf(address);
});

const show = (page: Page, look: Look): Promise<void> => visit(page, site.address, look);

async function violationsOf(page: Page, name: string): Promise<string[]> {
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

/*
 * On a busy machine axe saw texts that were drawn while it ran in the ink of the other theme, and
 * neither before nor after it did the page have that (computed style, theme, no animation). What
 * is wrong with a page is so a second time.
 */
async function seriousOn(page: Page, name: string): Promise<string[]> {
  const first = await violationsOf(page, name);
  return first.length === 0 ? [] : violationsOf(page, name);
}

for (const { locale, colorScheme } of [
  { locale: "en-GB", colorScheme: "light" },
  { locale: "en-GB", colorScheme: "dark" },
  { locale: "pl-PL", colorScheme: "light" },
  { locale: "pl-PL", colorScheme: "dark" },
] as const) {
  test(`axe finds nothing serious: ${locale}, ${colorScheme}`, async () => {
    await site.onPage({ locale, colorScheme, reducedMotion: "reduce" }, async (page) => {
      const serious: string[] = [];
      /* The operation is on the page of the API, which is long: once is enough. */
      for (const look of looks.filter(({ name }) => name !== "api")) {
        await show(page, look);
        serious.push(...(await seriousOn(page, look.name)));
        await look.leave?.();
      }
      assert.deepEqual(serious, []);
    });
  });
}

/** Texts of which a part cannot be seen, whatever one scrolls; those that end in an ellipsis mean to. */
function cutOff(): string[] {
  const found: string[] = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const parent = node.parentElement;
    if (!parent?.checkVisibility({ visibilityProperty: true }) || !node.textContent?.trim()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const text = range.getBoundingClientRect();
    if (text.width === 0) continue;
    for (let box: Element | null = parent; box; box = box.parentElement) {
      const style = getComputedStyle(box);
      if (style.textOverflow === "ellipsis" || style.clipPath !== "none" || style.position === "fixed") break;
      const { left, right, top, bottom } = box.getBoundingClientRect();
      const across = text.right > right + 1 || text.left < left - 1;
      const down = text.bottom > bottom + 1 || text.top < top - 1;
      const [x, y] = [style.overflowX, style.overflowY];
      if ((across && /auto|scroll/.test(x)) || (down && /auto|scroll/.test(y))) break;
      if ((across && /hidden|clip/.test(x)) || (down && /hidden|clip/.test(y))) {
        found.push(`${parent.className || parent.tagName}: ${node.textContent} (in ${box.className || box.tagName})`);
        break;
      }
    }
  }
  return found;
}

test("no page is wider than the window and nothing is cut off: enlarged to 200 %, and on telephones", async () => {
  const viewport = { width: 640, height: 400 }; /* 1280 x 800 at 200 % */
  await site.onPage({ viewport, deviceScaleFactor: 2, locale: "pl-PL", hasTouch: true }, async (page) => {
    const wrong: string[] = [];
    for (const look of looks) {
      await page.setViewportSize(viewport);
      await show(page, look);
      for (const width of [640, 390, 320]) {
        await page.setViewportSize({ width, height: width === 640 ? 400 : 844 });
        const needs = await page.evaluate(() => document.documentElement.scrollWidth);
        if (needs > width) wrong.push(`${look.name}: ${needs} for ${width}`);
        wrong.push(...(await page.evaluate(cutOff)).map((text) => `${look.name}, ${width}: ${text}`));
      }
      await look.leave?.();
    }
    assert.deepEqual(wrong, []);
  });
});

test("with less motion nothing moves by itself", async () => {
  await site.onPage({ reducedMotion: "reduce" }, async (page) => {
    const moving: string[] = [];
    for (const look of looks) {
      await show(page, look);
      const names = await page.evaluate(() =>
        document
          .getAnimations()
          .filter(({ playState, effect }) => {
            return playState === "running" && Number(effect?.getTiming().duration ?? 0) > 1;
          })
          .map((animation) => (animation as CSSAnimation).animationName ?? "transition")
          // It counts the time of a double click, and nothing is seen of it.
          .filter((name) => name !== "drawer-opens"),
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
    await show(page, look);
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
    await show(page, look);
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
    await show(page, look);
    const row = page.locator(".span-table tbody tr").nth(2);
    const [start, length, state] = await row.locator("td, th").allInnerTexts();
    assert.match(`${start} ${length}`, /\d.*\d/);
    await row.locator("button").click();
    await page.locator('.span-table tr[aria-current="true"]').waitFor();
    assert.ok((await page.locator(".details-title").innerText()).includes(state ?? "?"));
  });
});
