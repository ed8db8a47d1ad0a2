// SPDX-License-Identifier: MIT
// Every key of the sheet does what the sheet says, on the timeline and elsewhere. A key that is
// added has to be tried here, too: the sheet is read, and a row without a trial fails.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { runToEnd, testSite, threads, timelineOf, timelineReady } from "./page";

let run = "";
const site = testSite(async (address) => {
  run = timelineOf(await runToEnd(address, threads("Keys")));
  for (const at of [5_000_000, 20_000_000]) {
    await fetch(`${address}/api/v1/runs/${run}/notes`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ text: `At ${at}`, from: at, to: at }),
    });
  }
});

const windowText = (page: Page): Promise<string> => page.locator(".stage-window").innerText();
const chosen = (page: Page): Promise<string> => page.locator(".details").innerText();
const laneNames = (page: Page): Promise<string> =>
  page.locator(".lane-name[data-lane] .lane-text").allInnerTexts().then((names) => names.join("\n"));
const searched = (page: Page): Promise<string> => page.locator(".search-input:focus").count().then(String);

/** Presses `key` and waits until what `read` gives is another thing, or as `wanted`. */
async function changes(
  page: Page,
  key: string,
  read: (page: Page) => Promise<string>,
  wanted?: (was: string, now: string) => boolean,
): Promise<string> {
  const was = await read(page);
  await page.keyboard.press(key);
  for (;;) {
    const now = await read(page);
    if (wanted ? wanted(was, now) : now !== was) return was;
    await page.waitForTimeout(20);
  }
}

const moves = (...keys: string[]) => async (page: Page): Promise<void> => {
  for (const key of keys) await changes(page, key, windowText);
};
const shows = (key: string, selector: string) => async (page: Page): Promise<void> => {
  await page.keyboard.press(key);
  await page.locator(selector).first().waitFor();
  await page.keyboard.press("Escape");
};
const address = (page: Page): Promise<string> => Promise.resolve(page.url());

/* What the sheet shows, and a trial that leaves the page with a selected span and half the run
   in the window. */
const TRIALS: Record<string, (page: Page) => Promise<void>> = {
  "W +": moves("w", "+", "="),
  "S -": moves("w", "s", "w", "-"),
  "A": moves("d", "a"),
  "D": moves("d"),
  "0": moves("0"),
  "F": moves("f"),
  "R": (page) => changes(page, "r", address, (_, now) => /range=\d+-\d+/.test(now)).then(() => undefined),
  ",": (page) => changes(page, ",", chosen).then(() => undefined),
  ".": (page) => changes(page, ".", chosen).then(() => undefined),
  "]": (page) => changes(page, "]", chosen).then(() => undefined),
  "[": async (page) => {
    const was = await changes(page, "]", chosen);
    await changes(page, "[", chosen, (_, now) => now === was);
  },
  "Q": async (page) => {
    const facts = page.locator(".details .fact-list");
    await page.keyboard.press("q");
    await facts.waitFor({ state: "hidden" });
    await page.keyboard.press("q");
    await facts.waitFor();
  },
  "/": (page) => changes(page, "/", searched, (_, now) => now === "1").then(() => undefined),
  "B M": async (page) => {
    for (const key of ["b", "m"]) {
      const flags = (at: Page): Promise<string> => at.locator(".note").count().then(String);
      await changes(page, key, flags);
    }
  },
  "N": shows("n", ".note-text-field"),
  "<": async (page) => {
    await page.keyboard.press(">");
    await changes(page, "<", windowText);
  },
  ">": moves(">"),
  "L": shows("l", ".lane-filter:focus"),
  "P": (page) => changes(page, "p", address, (_, now) => /pin=\d+/.test(now)).then(() => undefined),
  "H": (page) => changes(page, "h", laneNames).then(() => undefined),
  "Alt ↑": (page) => changes(page, "Alt+ArrowUp", laneNames).then(() => undefined),
  "Alt ↓": async (page) => {
    const was = await changes(page, "Alt+ArrowUp", laneNames);
    await changes(page, "Alt+ArrowDown", laneNames, (_, now) => now === was);
  },
  "Ctrl Z": async (page) => {
    const was = await changes(page, "h", laneNames);
    await changes(page, "Control+z", laneNames, (_, now) => now === was);
  },
  "Ctrl Y": async (page) => {
    for (const key of ["Control+y", "Control+Shift+z"]) {
      await changes(page, "h", laneNames);
      await changes(page, "Control+z", laneNames);
      await changes(page, key, laneNames);
      await changes(page, "Control+z", laneNames);
    }
  },
  "Esc": async (page) => {
    await page.keyboard.press("Escape");
    await page.locator(".details-hint").waitFor();
  },
  "←": async (page) => {
    await page.locator(".stage-plot").focus();
    await moves("ArrowRight", "ArrowLeft")(page);
  },
  "→": async (page) => {
    await page.locator(".stage-plot").focus();
    await moves("ArrowRight")(page);
  },
  "↑": async (page) => {
    await page.locator(".stage-plot").focus();
    await changes(page, "ArrowUp", chosen);
  },
  "↓": async (page) => {
    await page.locator(".stage-plot").focus();
    await changes(page, "ArrowUp", chosen);
    await changes(page, "ArrowDown", chosen);
  },
  "Enter": async (page) => {
    await page.locator(".stage-plot").focus();
    await changes(page, "Enter", windowText);
  },
  "Ctrl K": async (page) => {
    await shows("Control+k", ".palette input:focus")(page);
    await page.locator(".palette").waitFor({ state: "detached" });
    await shows("Control+Shift+p", ".palette input:focus")(page);
  },
  ":": shows(":", ".palette input:focus"),
  "?": shows("?", ".sheet-row"),
};

/** Half of the run, and in it a span of the last thread. */
async function open(page: Page): Promise<void> {
  const lanes = `${site.address}/api/v1/runs/${run}/lanes`;
  const { items } = (await (await fetch(lanes)).json()) as { items: { id: number; kind: string }[] };
  const thread = items.filter(({ kind }) => kind === "thread").at(-1);
  assert.ok(thread);
  await page.goto("about:blank");
  await page.goto(`${site.address}/#/runs/${run}?from=30000000&to=60000000&lane=${thread.id}&at=45000000`);
  await timelineReady(page);
  await page.locator(".details .fact-list").waitFor();
}

test("every key on the sheet of the timeline does something, and what it says", async () => {
  await site.onPage({}, async (page) => {
    await open(page);
    await page.keyboard.press("?");
    await page.locator(".sheet-row kbd").first().waitFor();
    const rows = await page.locator(".sheet-row dt:has(kbd)").all();
    const onSheet: string[] = [];
    for (const row of rows) onSheet.push((await row.locator("kbd").allInnerTexts()).join(" "));
    assert.deepEqual([...onSheet].sort(), Object.keys(TRIALS).sort());
    assert.equal(await page.locator(".sheet-row", { hasText: "with Shift this one, too" }).count(), 1);
    for (const [shown, trial] of Object.entries(TRIALS)) {
      await open(page);
      await Promise.race([
        trial(page),
        new Promise((_, reject) => setTimeout(() => reject(new Error(`nothing came of ${shown}`)), 10_000).unref()),
      ]);
    }
  });
});

test("keys of the other pages: E writes the document, Ctrl+Enter runs it, / searches the runs", async () => {
  await site.onPage({}, async (page) => {
    await page.goto(`${site.address}/#/?preset=gil-two-cpu-threads`);
    await page.locator(".composer .button.is-primary").waitFor();
    await page.locator('.code-editor[data-state="ready"]').waitFor();
    await page.keyboard.press("e");
    await page.locator(".cm-content:focus").waitFor();
    await page.keyboard.press("Control+Enter");
    await page.waitForURL(/#\/experiments\/e\d+/);
    await page.goto(`${site.address}/#/experiments`);
    await page.locator(".row-link").first().waitFor();
    await page.keyboard.press("/");
    await page.locator(".runs-search input:focus").waitFor();
  });
});
