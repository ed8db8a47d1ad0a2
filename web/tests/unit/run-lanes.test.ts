// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { getRunLanes } from "../../src/api/runs";

const kept = globalThis.fetch;

afterEach(() => {
  globalThis.fetch = kept;
});

/** A server with these pages, the first of which nobody names; the addresses that were asked for. */
function serve(pages: Record<string, { items: number[]; next: string | null }>): string[] {
  const asked: string[] = [];
  globalThis.fetch = (async (address: string) => {
    const url = new URL(address, "http://h");
    asked.push(url.pathname + url.search);
    const { items, next } = pages[url.searchParams.get("after") ?? ""] ?? { items: [], next: null };
    return new Response(JSON.stringify({ states: ["running"], items: items.map((id) => ({ id })), next }));
  }) as typeof fetch;
  return asked;
}

test("the lanes of most runs are one page", async () => {
  const asked = serve({ "": { items: [0, 1, 2], next: null } });
  const { items, states } = await getRunLanes("r1");
  assert.deepEqual(items.map(({ id }) => id), [0, 1, 2]);
  assert.deepEqual(states, ["running"]);
  assert.deepEqual(asked, ["/api/v1/runs/r1/lanes"]);
});

test("lanes of more pages are all there, in their order", async () => {
  const asked = serve({
    "": { items: [0, 1], next: "1" },
    "1": { items: [2], next: "2" },
    "2": { items: [3, 4], next: null },
  });
  const { items } = await getRunLanes("r1");
  assert.deepEqual(items.map(({ id }) => id), [0, 1, 2, 3, 4]);
  assert.equal(asked.length, 3);
  assert.equal(asked[2], "/api/v1/runs/r1/lanes?limit=100000&after=2");
});
