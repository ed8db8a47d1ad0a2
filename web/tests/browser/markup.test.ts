// SPDX-License-Identifier: MIT
// Markup in every text that a document, a note, a mistake or an address can bring in: on no
// page does it become an element, and nothing of it is executed or stopped by the policy only.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { type Server, startBrowser, startServer } from "./server";

const MARKUP = `"><img src=x onerror=owned=1>`;
const LONG_MARKUP = `${MARKUP}<script>owned=1</script><svg onload=owned=1><a href="javascript:owned=1">`;
const name = (end: string): string => `${MARKUP}${end}`;

/* Each has the other's lock: findings name the locks, the actors and their steps. */
const deadlock = (first: string, second: string): object[] => [
  { with: first, steps: [{ io_us: 1000 }, { with: second, steps: [{ python_us: 10 }] }] },
];
const DOCUMENTS = [
  {
    schema: 1,
    name: LONG_MARKUP,
    description: LONG_MARKUP,
    record: "timeline",
    workload: {
      objects: { [name("a")]: "lock", [name("b")]: "lock" },
      actors: [
        { name: name("1"), thread: 1, steps: deadlock(name("a"), name("b")) },
        { name: name("2"), thread: 1, steps: deadlock(name("b"), name("a")) },
      ],
    },
  },
  {
    schema: 1,
    name: LONG_MARKUP,
    record: "timeline",
    goal: "makespan_us",
    machine: { cores: 2 },
    runtimes: [{ base: "cpython-3.12", switch_interval_us: 1000 }, "cpython-3.9"],
    workload: {
      objects: { [name("q")]: { queue: 10 } },
      actors: [
        { name: name("1"), thread: 2, steps: [{ python_us: 5000 }, { put: name("q") }] },
        {
          name: name("2"),
          event_loop: 1,
          tasks: [{ name: name("3"), count: 3, steps: [{ await_io_us: 100 }, { python_us: 90 }] }],
        },
      ],
    },
    sweep: { "/workload/actors/0/name": [name("4"), name("5")], "/machine/cores": [1, 2] },
  },
];
/* Refused, with its own words in the refusal. */
const MISTAKES = [
  { schema: 1, [MARKUP]: 1 },
  { schema: 1, runtimes: [MARKUP], workload: { jobs: { count: 1, steps: [{ python_us: 1 }] } } },
  { schema: 1, workload: { jobs: { count: 1, steps: [{ [MARKUP]: 1 }] } } },
  { schema: 1, workload: { actors: [{ name: "a", thread: 1, steps: [{ acquire: MARKUP }] }] } },
];

const EDITOR = '.code-editor[data-state="ready"] .cm-content';

let server: Server;
let browser: Browser;
let experiments: string[];

async function post(path: string, body: unknown, status: number): Promise<Record<string, string>> {
  const answer = await fetch(`${server.address}/api/v1${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, status, await answer.clone().text());
  return (await answer.json()) as Record<string, string>;
}

before(async () => {
  server = await startServer();
  browser = await startBrowser();
  experiments = [];
  for (const document of DOCUMENTS) {
    experiments.push((await post("/experiments", document, 201)).id ?? "");
  }
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/* In the page, before anything else: notes whatever markup would lead to. */
function watchForMarkup(): void {
  const found: string[] = [];
  const signs = 'img[src="x"], svg[onload], [onerror], script:not([src]), a[href^="javascript:"]';
  Object.assign(window, { found });
  Object.defineProperty(window, "owned", { set: () => found.push("executed") });
  window.addEventListener("securitypolicyviolation", (event) => {
    found.push(`${event.violatedDirective}: ${event.sample || event.blockedURI}`);
  });
  new MutationObserver(() => {
    for (const element of document.querySelectorAll(signs)) found.push(element.outerHTML);
  }).observe(document, { subtree: true, childList: true, attributes: true });
}

async function newContext(locale: string): Promise<BrowserContext> {
  const context = await browser.newContext({ locale, viewport: { width: 1280, height: 800 } });
  await context.addInitScript(watchForMarkup);
  return context;
}

const found = (page: Page): Promise<string[]> =>
  page.evaluate(() => (window as unknown as { found: string[] }).found);

async function expectOnlyText(page: Page): Promise<void> {
  assert.deepEqual(await found(page), [], page.url());
}

async function visit(page: Page, place: string, ready: string): Promise<void> {
  await page.goto(`${server.address}/#/${place}`);
  await page.locator(ready).first().waitFor();
  await expectOnlyText(page);
}

async function visitAddresses(page: Page): Promise<void> {
  const text = encodeURIComponent(LONG_MARKUP);
  const places = [text, `experiments/${text}`, `runs/${text}`, `api/${text}`, `${text}/${text}`];
  for (const place of places) await visit(page, place, "main :is(.empty-title, h1)");
  await visit(page, `?preset=${text}`, "main h1");
  await visit(page, `?from=${text}`, "main h1");
}

/** Everything that a timeline can be asked, with the texts that it then shows. */
async function visitTimeline(page: Page, id: string): Promise<void> {
  const run = new URL(page.url()).hash.replace(/\?.*/, "");
  await page.locator('.stage-base[data-ready="yes"]').waitFor();
  await page.locator(".lane-name").first().click();
  const plot = await page.locator(".stage-plot").boundingBox();
  assert.ok(plot);
  for (let y = 10; y < plot.height; y += 25) {
    await page.mouse.move(plot.x + plot.width / 3, plot.y + y);
    await page.mouse.click(plot.x + plot.width / 3, plot.y + y);
    await expectOnlyText(page);
  }
  await post(`/${run.slice(2)}/notes`, { text: LONG_MARKUP }, 201);
  await page.reload();
  await page.locator(".note-text", { hasText: "<img src=x" }).first().waitFor();
  await visit(page, `${run.slice(2)}?name=${encodeURIComponent(MARKUP)}`, ".lane-name");
  await page.locator('.stage-base[data-ready="yes"]').waitFor();
  await page.locator(".findings, .finding").first().waitFor();
  assert.ok((await page.locator(".lane-name", { hasText: "<img src=x" }).count()) > 0, id);
  await expectOnlyText(page);
}

async function visitExperiment(page: Page, id: string): Promise<void> {
  await visit(page, `experiments/${id}?metric=${encodeURIComponent(MARKUP)}`, "main h1");
  const links = page.locator(".grid-table tbody .cell-action a");
  await page.locator(".page-head .status[data-status]").waitFor();
  assert.equal(await page.locator("h1").textContent(), LONG_MARKUP);
  for (const disclosure of await page.locator("main summary").all()) await disclosure.click();
  await expectOnlyText(page);
  await links.first().click();
  await visitTimeline(page, id);
}

for (const locale of ["en-GB", "pl-PL"]) {
  test(`markup is only text on every page (${locale})`, async () => {
    const context = await newContext(locale);
    const page = await context.newPage();
    page.on("dialog", () => assert.fail("a dialog was opened"));
    await visit(page, "experiments", ".row-link");
    assert.ok((await page.locator(".row-link", { hasText: "<img src=x" }).count()) > 0);
    for (const id of experiments) {
      await visitExperiment(page, id);
      await visit(page, `?from=${id}`, "main h1");
    }
    await visitAddresses(page);
    await context.close();
  });
}

test("markup in a mistake is only text in what the page says about it", async () => {
  const context = await newContext("en-GB");
  const page = await context.newPage();
  await visit(page, `?from=${experiments[1]}`, EDITOR);
  for (const mistake of MISTAKES) {
    const { detail } = await post("/experiments", mistake, 422);
    assert.match(detail ?? "", /<img src=x/);
    await page.locator(EDITOR).click();
    await page.keyboard.press("Control+A");
    await page.keyboard.insertText(JSON.stringify(mistake));
    await page.locator(".composer .button.is-primary").click();
    await page.locator(".notice.is-error", { hasText: "<img src=x" }).waitFor();
    await expectOnlyText(page);
  }
  await context.close();
});

test("the watch sees markup that is not text", async () => {
  const context = await newContext("en-GB");
  const page = await context.newPage();
  await visit(page, "experiments", ".row-link");
  await page.evaluate((text) => document.body.insertAdjacentHTML("beforeend", text), LONG_MARKUP);
  await page.waitForFunction(() => (window as unknown as { found: string[] }).found.length > 1);
  await context.close();
});
