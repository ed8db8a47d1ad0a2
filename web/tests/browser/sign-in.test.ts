// SPDX-License-Identifier: MIT
// A server that demands a token: the page asks for it, and works with the cookie.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { type Server, startBrowser, startServer } from "./server";

const TOKEN = "0123456789abcdef-browser";
const SMALL = {
  schema: 1,
  name: "Behind a token",
  strategies: [{ threads: 2 }],
  workload: { jobs: { count: 4, steps: [{ python_us: 100 }] } },
};

let server: Server;
let browser: Browser;

before(async () => {
  server = await startServer({ GILSCOPE_TOKEN: TOKEN });
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

test("the token opens the page, its streams included, and is kept nowhere", async () => {
  const context = await browser.newContext({ locale: "en" });
  const page = await context.newPage();
  await page.goto(`${server.address}/#/experiments`);
  const field = page.getByLabel("Token", { exact: true });
  await field.fill("not-the-token-at-all");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").waitFor();
  await field.fill(TOKEN);
  await page.getByRole("button", { name: "Sign in" }).click();
  await field.waitFor({ state: "detached" });
  const answer = await fetch(`${server.address}/api/v1/experiments`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify(SMALL),
  });
  assert.equal(answer.status, 201);
  const { id } = (await answer.json()) as { id: string };
  const streams = await page.evaluate(
    () =>
      new Promise<boolean>((resolve) => {
        const source = new EventSource("/api/v1/events");
        source.onopen = () => (source.close(), resolve(true));
        source.onerror = () => resolve(false);
      }),
  );
  assert.equal(streams, true);
  await page.goto(`${server.address}/#/experiments/${id}`);
  await page.locator(".grid-table tbody .cell-action a").first().waitFor();
  const kept = await page.evaluate(() =>
    JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }]),
  );
  assert.ok(!kept.includes(TOKEN));
  assert.ok(!kept.includes("gilscope_"), "a script does not see the cookie");
  await context.close();
});

test("who has to sign in does not see the first page before", async () => {
  const first = (headers: Record<string, string>): Promise<string> =>
    fetch(server.address, { headers }).then((answer) => answer.text());
  assert.doesNotMatch(await first({}), /class="card"/);
  assert.match(await first({ authorization: `Bearer ${TOKEN}` }), /class="card"/);
});

test("a page whose session has ended elsewhere asks for the token", async () => {
  const context = await browser.newContext({ locale: "en" });
  const page = await context.newPage();
  await page.goto(`${server.address}/#/experiments`);
  const field = page.getByLabel("Token", { exact: true });
  await field.fill(TOKEN);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("link", { name: "Behind a token" }).first().waitFor();
  const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`);
  const ended = await fetch(`${server.address}/api/v1/session`, {
    method: "DELETE",
    headers: { cookie: cookie.join("; ") },
  });
  assert.equal(ended.status, 204);
  await field.waitFor();
  await context.close();
});
