// SPDX-License-Identifier: MIT
// A run of ten million spans: 40 threads that compute under the GIL, on 16 cores.

import type { Page } from "playwright-core";

const SPANS = 10_000_000;
const DOCUMENT = {
  schema: 1,
  name: "Ten million spans",
  seed: 1,
  machine: { cores: 16, profile: "linux-desktop" },
  runtimes: ["cpython-3.12"],
  strategies: [{ threads: 40 }],
  workload: { jobs: { count: 40, steps: [{ python_us: 400_000_000 }] } },
  limits: { spans: SPANS, events: 1e9 },
  record: "timeline",
};
const PATIENCE_MS = 120_000;

interface StoredExperiment {
  status: string;
  cells: { runs: { id: string }[] }[];
}

let stored: string | null = null;

/** The id of the run, which is made when it is first asked for. */
async function tenMillion(address: string): Promise<string> {
  const api = `${address}/api/v1/experiments`;
  const headers = { "content-type": "application/json" };
  const sent = await fetch(api, { method: "POST", headers, body: JSON.stringify(DOCUMENT) });
  const { id } = (await sent.json()) as { id: string };
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; ) {
    const value = (await (await fetch(`${api}/${id}`)).json()) as StoredExperiment;
    if (value.status !== "queued" && value.status !== "running") {
      const run = value.cells[0]?.runs[0]?.id;
      if (run === undefined) throw new Error(`the long run ended as ${value.status}`);
      return run;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error("the long run does not end");
}

/** Opens the timeline of the run; the words for what it is. */
export async function openTenMillion(page: Page, address: string): Promise<string> {
  stored ??= await tenMillion(address);
  await page.goto(`${address}/#/runs/${stored}`);
  await page.locator('.stage-base[data-ready="yes"]').waitFor();
  await page.waitForTimeout(1000);
  return `${SPANS} spans, 57 lanes, ${page.viewportSize()?.width ?? 0} pixels`;
}
