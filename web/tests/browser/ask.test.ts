// SPDX-License-Identifier: MIT
// Asking in a browser: a sentence and a document that are one thing, a preview that follows the
// hand and stores nothing, an editor that knows what may be written, and the way of somebody who
// has never seen a profiler.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { runToEnd } from "./page";
import { type Server, startBrowser, startServer } from "./server";

const DONE_TIMEOUT = 60_000;

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

/** Runs `body` on a fresh page; `expected` names console errors that the test provokes. */
async function onPage(
  options: BrowserContextOptions,
  body: (page: Page) => Promise<void>,
  expected?: RegExp,
): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en-GB", ...options });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !expected?.test(message.text())) errors.push(message.text());
  });
  try {
    await body(page);
    assert.deepEqual(errors, []);
  } finally {
    await context.close();
  }
}

const field = (page: Page, name: string) => page.getByRole("textbox", { name, exact: true });
const slider = (page: Page, name: string) => page.locator(`[data-slider="${name}"]`);
const editor = (page: Page) => page.locator('.code-editor[data-state="ready"] .cm-content');
const problem = /status of 4\d\d/;

async function openOwn(page: Page): Promise<void> {
  await page.goto(server.address);
  await page.locator(".preview-cell .miniature[data-ready]").first().waitFor();
}

async function openDocument(page: Page): Promise<void> {
  await openOwn(page);
  await page.getByRole("button", { name: "Show the document" }).click();
  await editor(page).waitFor();
}

/** The document as the page keeps it for this tab. */
async function draft(page: Page): Promise<{ [key: string]: unknown }> {
  const text = await page.evaluate(() => sessionStorage.getItem("gilscope.draft.own"));
  return JSON.parse(text ?? "{}") as { [key: string]: unknown };
}

/** Writes over all that is in the editor, and stays at the end of it. */
async function write(page: Page, text: string): Promise<void> {
  await editor(page).click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(text);
}

/** The same, and looks at the beginning: lines out of sight are not drawn. */
async function writeFromTop(page: Page, text: string): Promise<void> {
  await write(page, text);
  await page.keyboard.press("Control+Home");
}

function experiments(): Promise<{ items: unknown[] }> {
  return fetch(`${server.address}/api/v1/experiments`).then((answer) => answer.json()) as Promise<{ items: unknown[] }>;
}

interface CellView {
  metrics: { makespan_us?: { median: number } };
  runs: { has_timeline: boolean }[];
}

async function readExperiment(id: string): Promise<{ name: string; document: object; cells: CellView[] }> {
  const answer = await fetch(`${server.address}/api/v1/experiments/${id}`);
  return (await answer.json()) as { name: string; document: object; cells: CellView[] };
}

/** Sizes between those that the form tries, and around them. */
function otherStrategies(): unknown[] {
  const sizes = [4, 12, 24, 40, 48, 56, 72, 80, 96, 112, 160, 192];
  const pools = ["threads", "asyncio", "processes", "interpreters"];
  const inside = [{ asyncio: 16 }, { asyncio: 32 }, { asyncio: 64 }, { threads: 8 }, { threads: 16 }, { threads: 64 }];
  return [
    ...pools.flatMap((kind) => sizes.map((size) => ({ [kind]: size }))),
    ...[4, 6, 8, 10, 12, 16].flatMap((processes) => inside.map((each) => ({ processes, each }))),
  ];
}

test("a newcomer learns which model to use, and why, with 4 clicks and 3 numbers", async () => {
  await onPage({}, async (page) => {
    await openOwn(page);
    let clicks = 0;
    const click = async (where: { click(): Promise<void> }): Promise<void> => {
      clicks += 1;
      await where.click();
    };
    for (const [name, number] of [["Jobs", "500"], ["Python in a job, in milliseconds", "5"], ["Cores", "8"]] as const) {
      await click(field(page, name));
      await page.keyboard.type(number);
    }
    await click(page.locator(".composer .button.is-primary"));
    assert.equal(clicks, 4);
    await page.waitForURL(/#\/experiments\//);
    await page.locator('.page-head .status[data-status="done"]').waitFor({ timeout: DONE_TIMEOUT });
    await page.locator(".advice .advice-preliminary").waitFor({ state: "detached" });
    const advice = await page.locator(".advice").innerText();
    // Which: as servers do it. One GIL for each core, and in each process many waits at a time.
    assert.match(advice, /^Choose 8 processes, each with asyncio, 100 at a time on CPython 3\.14: Makespan 420\sms/m);
    // It keeps the cores busy, and what others are limited by.
    assert.match(advice, /cores 83\s% busy/);
    // The answer leads to what it rests on.
    await page.locator(".advice .fact-link").click();
    assert.equal(await page.evaluate(() => window.document.activeElement?.id), "why-title");
    const why = await page.locator(".advice-why").innerText();
    // Why: what one GIL comes to, how many run Python side by side, what overlaps, what it costs.
    assert.match(why, /Why: Python\nPython code takes 2\.43\ss in all, and under one GIL only one thread at a time may run it\./);
    assert.match(why, /The best with one GIL, asyncio, 500 at a time on CPython 3\.14, holds it for 98\s% of the time: Makespan 2\.48\ss\./);
    assert.match(why, /8 processes have a GIL each: on the mean 6\.6 threads run Python at a time, on 8 cores\./);
    assert.match(why, /Why: waiting\nOn the mean 209 jobs are under way at a time, .*; one after another on CPython 3\.14: Makespan 27\.5\ss\./);
    assert.match(why, /What it costs\n122\sMB of memory and 2\.8\ss of core time; asyncio, .*: 20\.1\sMB and 2\.43\ss\./);
    assert.match(why, /Next best\n8 processes, each with 32 threads on CPython 3\.14: .*worse by 1\.5\s% .*43\.3\sMB of memory/);
    assert.match(why, /Starting point\none after another on CPython 3\.14: 27\.5\ss · 65\.4 times as long as the best.* · cores 1\.1\s% busy/);
    const row = (strategy: string) => page.locator(".grid-table tbody tr", { hasText: strategy }).first();
    assert.match(await row("16 threads").innerText(), /the best of 7 sizes · threads wait for the GIL/);
    assert.match(await row("asyncio, 500 at a time").innerText(), /the event loop is busy/);
    const id = page.url().split("/").at(-1) ?? "";
    const { document, cells, name } = await readExperiment(id);
    const { machine, workload } = document as { machine: { cores: number }; workload: { jobs: unknown } };
    assert.equal(name, "500 × 5\u202fms Python + 50\u202fms waiting, 8 cores");
    assert.equal(machine.cores, 8);
    assert.deepEqual(workload.jobs, { count: 500, steps: [{ python_us: 5000 }, { io_us: 50000 }] });
    assert.ok(cells.length <= 64 && cells.every(({ runs }) => runs.some((run) => run.has_timeline)));

    // Nothing of all that the form does not try is better by more than 1 %.
    const wide = await runToEnd(server.address, { ...document, record: "summary", strategies: otherStrategies() });
    const others = (await readExperiment(wide.id)).cells.flatMap(({ metrics }) => metrics.makespan_us?.median ?? []);
    assert.equal(others.length, 2 * otherStrategies().length);
    const best = Math.min(...cells.flatMap(({ metrics }) => metrics.makespan_us?.median ?? []));
    assert.ok(Math.min(...others) > 0.99 * best, `${Math.min(...others)} is better than ${best}`);
  });
});

test("the sentence changes the document, and the document the sentence", async () => {
  await onPage({}, async (page) => {
    await openDocument(page);
    await field(page, "Waiting in a job, in milliseconds").fill("12.5");
    await field(page, "C code in a job, in milliseconds").fill("3");
    await field(page, "Share of the C code without the GIL, in percent").fill("50");
    const steps = [{ python_us: 2000 }, { io_us: 12500 }, { c_us: 1500, gil: "released" }, { c_us: 1500, gil: "held" }];
    await page.waitForFunction(() => sessionStorage.getItem("gilscope.draft.own")?.includes('"held"'));
    assert.deepEqual((await draft(page)).workload, { jobs: { count: 200, steps } });
    assert.match(await editor(page).innerText(), /"io_us": 12500/);

    const text = JSON.stringify({ ...(await draft(page)), machine: { cores: 3, timer_slack_us: 7 } }, null, 1);
    await write(page, text);
    await page.waitForFunction(() => document.querySelector<HTMLInputElement>('[aria-label="Cores"]')?.value === "3");
    await field(page, "Cores").fill("5");
    assert.deepEqual((await draft(page)).machine, { cores: 5, timer_slack_us: 7 }, "what the form does not say stays");
  });
});

test("strategies and runtimes are added and left out", async () => {
  await onPage({}, async (page) => {
    await openOwn(page);
    await page.getByLabel("Add a runtime").selectOption("cpython-3.9");
    await page.getByRole("button", { name: "Leave out threads", exact: true }).click();
    await page.getByRole("button", { name: "Leave out asyncio", exact: true }).click();
    await page.getByLabel("Add a strategy").selectOption("threads");
    const sizes = page.getByLabel("How many threads");
    assert.equal(await sizes.inputValue(), "4, 8, 16, 32, 64, 128, 200");
    await sizes.fill("32, 7 x");
    assert.equal(await sizes.getAttribute("aria-invalid"), "true");
    await sizes.fill("32, 7");
    const { runtimes, strategies } = await draft(page);
    assert.deepEqual(runtimes, ["cpython-3.14", "cpython-3.14t", "cpython-3.9"]);
    assert.deepEqual((strategies as unknown[]).slice(-2), [{ threads: 7 }, { threads: 32 }]);
    assert.ok(!JSON.stringify(strategies).includes('"asyncio":32'));
  });
});

test("of several sizes one is previewed, and what is wrong is said in its place", async () => {
  await onPage(
    {},
    async (page) => {
      await openDocument(page);
      const names = () => page.locator(".preview-name").allInnerTexts();
      assert.ok((await names()).includes("32 threads"));
      const before = JSON.stringify(await draft(page));
      await slider(page, "workers").press("End");
      await page.locator(".preview-name", { hasText: "200 threads" }).first().waitFor();
      assert.equal(JSON.stringify(await draft(page)), before, "the document stays as it is");
      await field(page, "Cores").fill("9");
      const text = JSON.stringify(await draft(page), null, 2);
      await write(page, text.replace('"asyncio": 100', '"asyncio": 100, "chunk": 2'));
      await page.locator(".cm-lintRange-error").first().waitFor();
      const place = (JSON.parse(text) as { strategies: { each?: unknown }[] }).strategies.findIndex(({ each }) => each);
      assert.match(await page.locator(".problem-pointer").first().innerText(), new RegExp(`^/strategies/${place}/each`));
    },
    problem,
  );
});

/** `act` changes what is drawn, or said, in the cell of the threads with a GIL. */
async function drawsAnew(page: Page, what: "picture" | "figure", act: () => Promise<void>): Promise<void> {
  const cell = page.locator('.preview-cell[data-cell="1"]');
  const look = () =>
    what === "figure"
      ? cell.locator(".preview-figure").innerText()
      : cell.locator(".miniature").evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
  await page.locator('.preview[aria-busy="false"]').waitFor();
  const before = await look();
  await act();
  for (;;) {
    if ((await look()) !== before) return;
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => done(null))));
  }
}

test("a slider draws anew while it moves, and nothing is stored", async () => {
  await onPage({}, async (page) => {
    const asked: string[] = [];
    const before = (await experiments()).items.length;
    await openOwn(page);
    for (const name of ["How many threads", "How many jobs in the event loop at a time", "How many interpreters"]) {
      await page.getByLabel(name).fill("4");
    }
    await page.getByLabel("How many processes").first().fill("4");
    page.on("request", (request) => asked.push(`${request.method()} ${new URL(request.url()).pathname}`));
    const changes = (what: "picture" | "figure", act: () => Promise<void>) => drawsAnew(page, what, act);
    await changes("picture", () => slider(page, "cores").press("Home"));
    await changes("figure", () => slider(page, "workers").press("Home"));
    await changes("picture", () => slider(page, "interval").press("Home"));
    const { machine, strategies, runtimes } = await draft(page);
    assert.deepEqual(machine, { profile: "linux-desktop", cores: 1 });
    assert.deepEqual((strategies as unknown[])[1], { threads: 1 });
    assert.deepEqual((runtimes as unknown[])[0], { base: "cpython-3.14", switch_interval_us: 100 });
    assert.equal((await experiments()).items.length, before);
    const posts = asked.filter((request) => request.startsWith("POST"));
    assert.ok(posts.length > 0 && posts.every((request) => request === "POST /api/v1/preview"), posts.join());
  });
});

test("only the share of C code that there is can be moved", async () => {
  await onPage({}, async (page) => {
    await openOwn(page);
    assert.ok(await slider(page, "share").isDisabled());
    await field(page, "C code in a job, in milliseconds").fill("10");
    await slider(page, "share").press("Home");
    const { workload } = (await draft(page)) as { workload: { jobs: { steps: unknown[] } } };
    assert.deepEqual(workload.jobs.steps.at(-1), { c_us: 10000, gil: "held" });
  });
});

test("a preview that was cut short says so", async () => {
  await onPage({}, async (page) => {
    await openOwn(page);
    await field(page, "Jobs").fill("1");
    await page.getByText("nothing is stored").waitFor();
    await field(page, "Jobs").fill("900000");
    // By its limit of events, or on a machine that is busy by that of its time.
    const short = ["limited", "interrupted"].map((status) => `.preview-cell[data-status="${status}"]`);
    await page.locator(short.join()).first().waitFor();
    await page.locator(".preview-warning", { hasText: "only the beginning" }).waitFor();
    await page.locator(".preview-cut").first().waitFor();
    // No time that could be taken for a result: how far it came, and in which time.
    const beginning = page.locator('.preview-cell[data-status="limited"]').first();
    assert.match(await beginning.locator(".preview-figure").innerText(), /^[\d,]+ of 900,000 jobs in the first \d/);
    assert.equal(await beginning.locator(".bar.is-open").count(), 1);
    assert.equal(await page.locator(".preview .bar-best").count(), 0);
    await field(page, "Jobs").fill("10");
    await page.locator(".preview-warning:empty").waitFor({ state: "attached" });
    await page.locator(".preview .bar-best").first().waitFor();
  });
});

test("a document that has limits of its own is not said to be cut by the preview", async () => {
  await onPage({}, async (page) => {
    await openDocument(page);
    await field(page, "Cores").fill("3");
    await write(page, JSON.stringify({ ...(await draft(page)), strategies: ["sequential"], limits: { events: 50 } }));
    await page.locator(".preview-warning", { hasText: "limits stopped it" }).waitFor();
    await page.locator('.preview-cell[data-status="limited"] .preview-figure', { hasText: "of 200 jobs" }).first().waitFor();
  });
});

/* Each field of the sentence and of the pools, a number that is too large or too small for it, and
 * what its limits are. */
const OUT_OF_LIMITS = [
  ["Jobs", "1e9", "from 1 to 1,000,000", "300"],
  ["Jobs", "0", "a whole number from 1 on", "300"],
  ["Python in a job, in milliseconds", "1e12", "from 0 to 1,000,000,000", "3"],
  ["Python in a job, in milliseconds", "-1", "a number from 0 on", "3"],
  ["Waiting in a job, in milliseconds", "1e12", "from 0 to 1,000,000,000", "30"],
  ["C code in a job, in milliseconds", "1e12", "from 0 to 1,000,000,000", "2"],
  ["Share of the C code without the GIL, in percent", "150", "from 0 to 100", "50"],
  ["Cores", "2000", "from 1 to 1,024", "8"],
  ["How many threads", "8, 100000", "from 1 to 10,000", "8, 16"],
  ["How many threads", "0", "from 1 to 10,000", "8, 16"],
  ["How many jobs in the event loop at a time", "99999999", "from 1 to 1,000,000", "8, 16"],
] as const;

test("a number that cannot be is said at its field, and Run says that it waits for it", async () => {
  await onPage(
    {},
    async (page) => {
      await openOwn(page);
      const run = page.getByRole("button", { name: "Run", exact: true });
      await field(page, "C code in a job, in milliseconds").fill("1");
      for (const [name, wrong, limits, right] of OUT_OF_LIMITS) {
        const input = page.getByLabel(name, { exact: true }).first();
        await input.fill(wrong);
        const hint = input.locator("xpath=following-sibling::*").filter({ hasText: limits });
        await hint.waitFor();
        assert.equal(await input.getAttribute("aria-invalid"), "true", name);
        const described = (await input.getAttribute("aria-describedby")) ?? "";
        assert.ok(described.split(" ").includes((await hint.getAttribute("id")) ?? "-"), name);
        assert.equal(await run.getAttribute("aria-disabled"), "true", name);
        // The pools follow the cores.
        const held = await page.locator(`#${await run.getAttribute("aria-describedby")}`).innerText();
        assert.ok(held.startsWith(`To run it, first correct: ${name}`), held);
        // The pictures are still those of another number, and say so; the document is not spoken of.
        await page.locator(".preview-body.is-old").waitFor();
        await page.locator(".preview-warning", { hasText: "before the last change" }).waitFor();
        assert.equal(await page.locator(".problem").count(), 0, name);
        await input.fill(right);
        await page.locator(".preview-body:not(.is-old)").waitFor();
        assert.equal(await page.locator(".field-hint").count(), 0, name);
        assert.equal(await run.getAttribute("aria-disabled"), "false", name);
      }
    },
    problem,
  );
});

test("Run keeps the focus when it cannot be pressed, and nothing is sent", async () => {
  await onPage(
    {},
    async (page) => {
      await openOwn(page);
      const before = (await experiments()).items.length;
      const run = page.getByRole("button", { name: "Run", exact: true });
      await field(page, "Jobs").fill("1e9");
      await page.locator(".field-hint").waitFor();
      await run.focus();
      for (const key of ["Enter", "Control+Enter"]) await page.keyboard.press(key);
      assert.ok(await run.evaluate((button) => button === document.activeElement));
      assert.equal((await experiments()).items.length, before);
      // What is kept shows the same again.
      await page.reload();
      await page.locator(".field-hint", { hasText: "from 1 to 1,000,000" }).waitFor();
      assert.equal(await field(page, "Jobs").inputValue(), "1000000000");
    },
    problem,
  );
});

test("the limits of arrivals are said at their fields, in the reader's language", async () => {
  await onPage(
    { locale: "pl-PL" },
    async (page) => {
      await page.goto(`${server.address}/#/?preset=requests-arriving`);
      await page.locator(".preview-cell").first().waitFor();
      await page.getByRole("button", { name: "Ukryj dokument" }).click();
      await field(page, "Sekundy, w których przychodzą zadania").fill("0");
      await page.locator(".field-hint", { hasText: "od 0,000001 do 1 000 000" }).waitFor();
      await field(page, "Sekundy, w których przychodzą zadania").fill("2000000");
      await page.locator(".field-hint", { hasText: "od 0,000001 do 1 000 000" }).waitFor();
      await field(page, "Sekundy, w których przychodzą zadania").fill("2");
      await page.locator(".field-hint").waitFor({ state: "detached" });
    },
    problem,
  );
});

test("Run says how many things the document has to correct", async () => {
  await onPage(
    {},
    async (page) => {
      await openDocument(page);
      await write(page, '{"schema": 1, "seeed": 1}');
      await page.locator(".composer-held", { hasText: /^Cannot run: \d things? to correct/ }).waitFor();
      await write(page, '{"schema": 1,');
      await page.locator(".composer-held", { hasText: "not JSON yet" }).waitFor();
    },
    problem,
  );
});

test("the words behind a field explain it, also to a keyboard and a finger", async () => {
  await onPage({ hasTouch: true }, async (page) => {
    await openOwn(page);
    const words = page.locator(".sentence .explained-words", { hasText: "ms of Python" });
    const card = page.locator(".explanation:popover-open");
    await words.hover();
    await card.waitFor();
    assert.match(await card.innerText(), /only who holds the GIL/);
    await page.mouse.move(0, 0);
    await card.waitFor({ state: "hidden" });
    await field(page, "Jobs").focus();
    await page.keyboard.press("Tab");
    await card.waitFor();
    assert.match(await card.innerText(), /only who holds the GIL/);
    await page.keyboard.press("7");
    await card.waitFor({ state: "hidden" });
    assert.equal(await field(page, "Python in a job, in milliseconds").inputValue(), "7");
    await page.locator(".choice .explained-words", { hasText: "threads" }).first().tap();
    await card.waitFor();
    assert.match(await card.innerText(), /one worker for each core, twice as many/);
    assert.equal(await page.locator(".question input[title]").count(), 0);
  });
});

test("why a time of Python is another one in each version is said where the figures are", async () => {
  await onPage({}, async (page) => {
    await openOwn(page);
    const speed = page.locator(".preview-metric .explained-words");
    await speed.filter({ hasText: /^2.ms of Python take 1\.94.ms in CPython 3\.14, 2\.1.ms in CPython 3\.14t \(no GIL\)$/ }).waitFor();
    await speed.hover();
    assert.match(await page.locator(".explanation:popover-open").innerText(), /meant for CPython 3\.12/);
    await field(page, "Python in a job, in milliseconds").fill("5");
    await speed.filter({ hasText: /^5.ms of Python take 4\.85.ms/ }).waitFor();
    // And again where they are the result.
    await field(page, "Jobs").fill("20");
    await page.keyboard.press("Control+Enter");
    await page.locator(".section-note", { hasText: /5.ms of Python take 4\.85.ms in CPython 3\.14/ }).waitFor();
    await page.goBack();
    await page.locator(".preview-metric").waitFor();
    for (const name of ["CPython 3.14", "CPython 3.14t (no GIL)"]) {
      if (name === "CPython 3.14") await page.getByLabel("Add a runtime").selectOption("cpython-3.12");
      await page.getByRole("button", { name: `Leave out ${name}`, exact: true }).click();
    }
    await speed.waitFor({ state: "detached" });
  });
});

test("what the server has against the document is said in its place while one types", async () => {
  await onPage(
    {},
    async (page) => {
      await openDocument(page);
      await field(page, "Cores").fill("9");
      const text = JSON.stringify(await draft(page), null, 2);
      await writeFromTop(page, text.replace('"cores": 9', '"cores": 9, "corse": 1'));
      const wrong = page.locator(".cm-lintRange-error");
      await wrong.first().waitFor();
      assert.equal(await wrong.first().innerText(), '"corse": 1');
      await wrong.first().hover();
      assert.match(await page.locator(".cm-diagnostic").innerText(), /corse.*cores/s);
      assert.match(await page.locator(".problem-pointer").innerText(), /^\/machine\/corse$/);
      await writeFromTop(page, text);
      await wrong.first().waitFor({ state: "detached" });
      assert.equal(await page.locator(".problem").count(), 0);
    },
    problem,
  );
});

test("several mistakes are said at once, each at its place", async () => {
  await onPage(
    {},
    async (page) => {
      await openDocument(page);
      const wrong = { schema: 1, seeed: 1, repetitions: 0, workload: { jobs: { count: 0, steps: [{ python_us: -1 }] } } };
      await writeFromTop(page, JSON.stringify(wrong, null, 2));
      const marks = page.locator(".cm-lintRange-error");
      await marks.nth(3).waitFor();
      const marked = ['"count": 0,', '"python_us": -1', '"repetitions": 0,', '"seeed": 1,'];
      assert.deepEqual((await marks.allInnerTexts()).map((text) => text.trim()).sort(), marked.map((text) => text.replace(/,$/, "")));
      const pointers = await page.locator(".problem-pointer").allInnerTexts();
      const places = ["/repetitions", "/seeed", "/workload/jobs/count", "/workload/jobs/steps/0/python_us"];
      assert.deepEqual([...pointers].sort(), places);
      await page.getByText("4 things to correct").waitFor();
      // Each mistake that is mended goes, the others stay.
      await writeFromTop(page, JSON.stringify({ ...wrong, repetitions: 1 }, null, 2));
      await page.getByText("3 things to correct").waitFor();
      await marks.nth(2).waitFor();
      assert.equal(await marks.count(), 3);
    },
    problem,
  );
});

test("what the server has against the document is said in the reader's language", async () => {
  await onPage(
    { locale: "pl-PL" },
    async (page) => {
      await openOwn(page);
      await page.getByRole("button", { name: "Pokaż dokument" }).click();
      await editor(page).waitFor();
      await field(page, "Rdzenie").fill("9");
      const text = JSON.stringify(await draft(page), null, 2);
      const refused = async (line: string, words: RegExp): Promise<void> => {
        await writeFromTop(page, text.replace('"cores": 9', line));
        const said = page.locator(".problem-text", { hasText: words });
        await said.waitFor();
        assert.equal(await said.getAttribute("lang"), null);
      };
      await refused('"cores": 9, "corse": 1', /^nieznane pole „corse”; czy chodziło o „cores”\?$/);
      await refused('"cores": "all"', /^„cores”: ma tu być liczba całkowita od 1 do 1024, a jest napis$/);
      await page.locator(".cm-lintRange-error").first().hover();
      assert.match(await page.locator(".cm-diagnostic").innerText(), /ma tu być liczba całkowita/);
    },
    problem,
  );
});

test("the editor proposes fields and values, and explains them", async () => {
  await onPage(
    {},
    async (page) => {
      await openDocument(page);
      await write(page, '{\n  "schema": 1,\n  \n}');
      await page.keyboard.press("ArrowUp");
      await page.keyboard.press("End");
      await page.keyboard.type('"repe');
      const option = (name: string) => page.locator(".cm-tooltip-autocomplete li", { hasText: name });
      await option("repetitions").click();
      await page.keyboard.type("2,");
      await page.keyboard.press("Enter");
      await page.keyboard.type('"goal": "throu');
      await option("throughput_per_s").click();
      assert.deepEqual(await draft(page), { schema: 1, repetitions: 2, goal: "throughput_per_s" });
      await page.locator(".cm-lintRange-error").first().waitFor();
      // The text moves when an error comes or goes: the pointer then has to be moved once more.
      const explanation = page.locator(".cm-explanation-text");
      for (let tries = 0; tries < 10 && !(await explanation.isVisible()); tries++) {
        await page.mouse.move(0, 0);
        await page.getByText('"repetitions"').hover();
        await explanation.waitFor({ timeout: 2000 }).catch(() => {});
      }
      assert.match(await explanation.innerText(), /how many runs each cell has/);
    },
    problem,
  );
});

test("no letter that is typed gets lost, however fast", async () => {
  await onPage(
    {},
    async (page) => {
      await openDocument(page);
      await write(page, '{"schema": 1, "name": ""}');
      await page.keyboard.press("ArrowLeft");
      await page.keyboard.press("ArrowLeft");
      const letters = "the quick brown fox jumps over the lazy dog? yes: /0+-.,;! ".repeat(3);
      await page.keyboard.type(letters);
      assert.equal((await draft(page)).name, letters);
    },
    problem,
  );
});

test("without its script the editor is a text area, and works", async () => {
  await onPage(
    {},
    async (page) => {
      await page.route(/code-editor-.*\.js$/, (route) => route.abort());
      await openOwn(page);
      await page.getByRole("button", { name: "Show the document" }).click();
      await page.locator('.code-editor[data-state="failed"]').waitFor({ state: "attached" });
      const area = page.locator(".editor-input");
      await area.fill((await area.inputValue()).replace('"cores": 4', '"cores": 6'));
      await page.waitForFunction(() => document.querySelector<HTMLInputElement>('[aria-label="Cores"]')?.value === "6");
      await area.fill('{\n  "schema": 1,\n  "name" "x"\n}');
      assert.equal(await page.locator(".editor-number.is-marked").innerText(), "3");
    },
    /ERR_FAILED|status of 4\d\d/,
  );
});

test("what cannot be read stays, says what can, and is not run with something else", async () => {
  await onPage({}, async (page) => {
    await openOwn(page);
    const cores = page.getByLabel("Cores", { exact: true }).first();
    await cores.fill("0");
    await page.getByRole("alert").filter({ hasText: "a whole number from 1 on" }).waitFor();
    await page.locator("#main").focus();
    assert.equal(await cores.inputValue(), "0");
    assert.ok(await page.locator(".composer .button.is-primary").isDisabled());
    await page.keyboard.press("Control+Enter");
    assert.ok(!page.url().includes("experiments"));
    await cores.fill("3");
    await page.locator(".composer .button.is-primary[aria-disabled='false']").waitFor();
    assert.equal(await page.getByText("a whole number from 1 on").count(), 0);
  });
});

test("what cannot be read goes with its document, also when the next one has the same value", async () => {
  await onPage({}, async (page) => {
    await openOwn(page);
    const cores = field(page, "Cores");
    await cores.fill("none");
    await page.getByRole("alert").filter({ hasText: "a whole number from 1 on" }).waitFor();
    await page.goto(`${server.address}/#/?preset=requests-200`);
    await page.locator('.number-field[aria-invalid="true"]').waitFor({ state: "detached" });
    await page.locator(".composer .button.is-primary[aria-disabled='false']").waitFor();
    assert.equal(await cores.inputValue(), "4");
    assert.equal(await cores.getAttribute("aria-invalid"), "false");
    assert.equal(await page.getByText("a whole number from 1 on").count(), 0);
    // And so when a document is begun anew.
    await field(page, "Jobs").fill("300");
    await cores.fill("none");
    await page.getByRole("button", { name: "Undo my changes" }).click();
    await page.locator('.number-field[aria-invalid="true"]').waitFor({ state: "detached" });
    assert.equal(await cores.inputValue(), "4");
  });
});

test("who writes before the editor is there goes on in it, at the same place", async () => {
  await onPage({}, async (page) => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    await page.route(/code-editor-.*\.js$/, async (route) => {
      await released;
      await route.continue();
    });
    await openOwn(page);
    await page.locator("#main").focus();
    await page.keyboard.press("e");
    await page.locator(".editor-input:focus").waitFor();
    await page.keyboard.press("Control+Home");
    await page.keyboard.type("a");
    release();
    await page.locator('.code-editor[data-state="ready"]').waitFor();
    await page.locator(".cm-content:focus").waitFor();
    await page.keyboard.type("b");
    await page.locator(".cm-line", { hasText: "ab{" }).waitFor();
  });
});

test("what a sweep names by its place cannot be moved", async () => {
  await onPage({}, async (page) => {
    const { id } = await runToEnd(server.address, {
      schema: 1,
      name: "Places",
      runtimes: ["cpython-3.12", "cpython-3.14"],
      strategies: [{ threads: 2 }, { threads: 4 }, { processes: 2 }],
      sweep: { "/strategies/2/processes": [2, 3], "/runtimes/1": ["cpython-3.14", "cpython-3.14t"] },
      workload: { jobs: { count: 4, steps: [{ python_us: 100 }] } },
    });
    await page.goto(`${server.address}/#/?from=${id}`);
    const choices = page.locator(".choices");
    await choices.nth(1).locator(".choice-name").nth(1).waitFor();
    assert.equal(await choices.locator("button").count(), 0, "nothing can be left out");
    assert.equal(await choices.locator("input").count(), 0, "no size can be typed");
  });
});

test("what the form cannot say it says, and what it can it changes", async () => {
  await onPage({}, async (page) => {
    await page.goto(`${server.address}/#/?preset=requests-arriving`);
    await page.locator(".sentence").waitFor();
    const form = await page.locator(".question").innerText();
    assert.match(form, /sweeps jobs a second/);
    assert.ok(await field(page, "Jobs a second").isDisabled());
    assert.equal(await field(page, "Python in a job, in milliseconds").inputValue(), "5");
    await page.goto(`${server.address}/#/?preset=loop-blocked`);
    await page.getByText("What they do is in the document").waitFor();
    assert.ok(await field(page, "Cores").isEnabled());
  });
});

test("every card has a picture of its own, in both themes", async () => {
  await onPage({}, async (page) => {
    await page.goto(server.address);
    // The first ones are in the HTML, the script brings the others.
    await page.locator("html:not([data-prebuilt])").waitFor();
    const cards = page.locator(".card-picture");
    await cards.first().waitFor();
    const count = await cards.count();
    for (let index = 0; index < count; index++) {
      await cards.nth(index).scrollIntoViewIfNeeded();
      await page.locator(".card-picture").nth(index).locator(".miniature[data-ready]").waitFor();
    }
    const pictures = () =>
      page.evaluate(() =>
        [...document.querySelectorAll<HTMLCanvasElement>(".card .miniature")].map((canvas) => canvas.toDataURL()),
      );
    const light = await pictures();
    assert.equal(new Set(light).size, count);
    await page.locator('[data-theme-choice="dark"]').click();
    await page.waitForFunction(
      (was) => document.querySelector<HTMLCanvasElement>(".card .miniature")?.toDataURL() !== was,
      light[0],
    );
  });
});

test("the first page stays where it is while it fills", async () => {
  await onPage({}, async (page) => {
    await page.addInitScript(() => {
      const shifts: number[] = [];
      Object.assign(window, { shifts });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) shifts.push((entry as unknown as { value: number }).value);
      }).observe({ type: "layout-shift", buffered: true });
    });
    await openOwn(page);
    await page.locator(".card").first().scrollIntoViewIfNeeded();
    await page.locator(".card .miniature[data-ready]").first().waitFor();
    const shifts = await page.evaluate(() => (window as unknown as { shifts: number[] }).shifts);
    const sum = shifts.reduce((all, shift) => all + shift, 0);
    assert.ok(sum < 0.02, String(sum));
  });
});

test("the first page fits a phone, and its fields can be reached by the keyboard", async () => {
  await onPage({ viewport: { width: 390, height: 844 }, hasTouch: true }, async (page) => {
    await openOwn(page);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 390, String(wide));
    await field(page, "Jobs").fill("501");
    await page.getByRole("button", { name: "Undo my changes" }).waitFor();
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 390, "with a button more");
    await field(page, "Jobs").focus();
    for (const name of ["Python in a job, in milliseconds", "Waiting in a job, in milliseconds", "C code in a job, in milliseconds", "Cores"]) {
      await page.keyboard.press("Tab");
      assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("aria-label")), name);
    }
  });
});

test("Escape closes a card that the mouse has opened, and Ctrl+Enter runs from words that explain themselves", async () => {
  await onPage({}, async (page) => {
    await openOwn(page);
    await page.locator(".slider").first().waitFor();
    const words = page.locator(".slider .explained-words").first();
    const card = page.locator(".explanation:popover-open");
    await words.hover();
    await card.waitFor();
    await page.keyboard.press("Escape");
    await card.waitFor({ state: "detached" });
    await words.focus();
    await page.keyboard.press("Control+Enter");
    await page.waitForURL(/#\/experiments\//);
  });
});
