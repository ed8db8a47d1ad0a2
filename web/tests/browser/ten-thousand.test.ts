// SPDX-License-Identifier: MIT
// Ten thousand experiments: the list has a page of them, search and filter ask the server, and the
// document does not grow with what is stored.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { onPage, runToEnd } from "./page";
import { type Server, startBrowser, startServer } from "./server";

const COUNT = 10_000;
const PAGE = 50;
const NODES_PER_ROW_MAX = 60;
const NODES_BESIDE_MAX = 600;
const ANSWER_BYTES_MAX = 100_000;

let server: Server;
let browser: Browser;

const sqlite = (text: string): string => execFileSync("sqlite3", [server.database, text], { encoding: "utf8" });

/** Copies the only experiment that there is, with some columns of their own; without cells. */
function copyExperiment(given: Record<string, string>): void {
  const names = sqlite("SELECT name FROM pragma_table_info('experiment')").trim().split("\n");
  const values = names.map((name) => given[name] ?? `s.${name}`);
  sqlite(
    `CREATE TEMP TABLE s AS SELECT * FROM experiment;
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${COUNT})
     INSERT INTO experiment (${names.join(", ")}) SELECT ${values.join(", ")} FROM s, n;`,
  );
}

before(async () => {
  server = await startServer();
  await runToEnd(server.address, {
    schema: 1,
    name: "first",
    record: "summary",
    workload: { jobs: { count: 1, steps: [{ python_us: 1 }] } },
  });
  await server.end("SIGTERM");
  copyExperiment({
    id: "1000 + n.i",
    name: "'copy ' || n.i",
    created_ms: "s.created_ms + n.i",
    content_hash: "s.content_hash || n.i",
    status: "CASE WHEN n.i % 100 = 7 THEN 'failed' ELSE s.status END",
  });
  await server.startAgain();
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

const rows = (page: Page) => page.locator(".runs-table tbody tr");
const first = (page: Page, name: string) => rows(page).first().filter({ hasText: name }).waitFor();
const nodes = (page: Page): Promise<number> => page.evaluate(() => document.getElementsByTagName("*").length);

test("ten thousand experiments are listed, searched, filtered and paged, a page at a time", async () => {
  await onPage(browser, {}, async (page) => {
    const large: string[] = [];
    page.on("response", async (answer) => {
      if (!answer.url().includes("/api/v1/experiments")) return;
      const size = (await answer.body().catch(() => Buffer.alloc(0))).length;
      if (size > ANSWER_BYTES_MAX) large.push(`${size} ${answer.url()}`);
    });
    const bounded = async (pages: number): Promise<void> => {
      const most = NODES_BESIDE_MAX + pages * PAGE * NODES_PER_ROW_MAX;
      assert.ok((await nodes(page)) < most, `${await nodes(page)} elements`);
    };
    await page.goto(`${server.address}/#/experiments`);
    await first(page, `copy ${COUNT}`);
    assert.equal(await rows(page).count(), PAGE);
    await bounded(1);
    for (let pages = 2; pages <= 5; pages++) {
      await page.locator(".runs-more .button").click();
      await rows(page).nth(pages * PAGE - 1).waitFor();
      await bounded(pages);
    }
    await page.locator(".runs-search input").fill("copy 777");
    await first(page, "copy 7779");
    assert.equal(await rows(page).count(), 11);
    await page.locator(".runs-search input").fill("");
    await first(page, `copy ${COUNT}`);
    await page.locator(".status-button", { hasText: "failed" }).click();
    await first(page, "copy 9907");
    assert.equal(await rows(page).count(), PAGE);
    await page.locator(".runs-more .button").click();
    await rows(page).nth(COUNT / 100 - 1).waitFor();
    assert.equal(await rows(page).count(), COUNT / 100);
    await page.locator(".runs-filter select").selectOption("oldest");
    await first(page, "copy 7");
    assert.deepEqual(large, []);
  });
});
