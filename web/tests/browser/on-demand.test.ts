// SPDX-License-Identifier: MIT
// Timelines that runs did not keep are made when somebody opens them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type ExperimentView, runToEnd, testSite, threads, timelineReady } from "./page";

const site = testSite();

test("a timeline that was not kept is made when it is opened, of every repetition", async () => {
  const document = { ...(threads("Figures only") as object), record: "summary", repetitions: 3 };
  const { id } = await runToEnd(site.address, document);
  await site.onPage({}, async (page) => {
    await page.goto(`${site.address}/#/experiments/${id}`);
    await page.locator(".grid-table tbody .cell-action a").first().click();
    await timelineReady(page);
    const first = page.url();
    const repetition = page.locator(".page-head .picker select");
    assert.deepEqual(await repetition.locator("option").allInnerTexts(), [
      "repetition 0",
      "repetition 1",
      "repetition 2",
    ]);
    await repetition.selectOption({ label: "repetition 2" });
    await page.waitForURL((url) => url.hash.startsWith("#/runs/") && url.href !== first);
    await timelineReady(page);
    assert.equal(await repetition.locator("option:checked").innerText(), "repetition 2");
    assert.ok((await page.locator(".lane-name").count()) > 4);
  });
  const view = await (await fetch(`${site.address}/api/v1/experiments/${id}`)).json();
  const kept = (view as ExperimentView).cells[0]?.runs?.map((run) => run.has_timeline);
  assert.deepEqual(kept, [true, false, true]);
});

test("a timeline that cannot be made says why, and is tried again when it is told to", async () => {
  const document = { ...(threads("Refused once") as object), record: "summary" };
  const { cells } = await runToEnd(site.address, document);
  const run = cells[0]?.runs?.[0]?.id;
  assert.ok(run);
  await site.onPage(
    {},
    async (page) => {
      const job = /\/timeline\/job/;
      await page.route(job, (route) => route.abort("connectionrefused"));
      await page.goto(`${site.address}/#/runs/${run}`);
      await page.locator('.empty[role="alert"]').waitFor();
      await page.unroute(job);
      await page.locator('.empty[role="alert"] button').click();
      await timelineReady(page);
    },
    /net::ERR_/,
  );
});
