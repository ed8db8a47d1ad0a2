// SPDX-License-Identifier: MIT
// The JSON Schema of documents against the server's own reader: what the reader accepts is valid,
// and most of what it refuses is not.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { type Server, startServer } from "../browser/server";

const MUTATIONS = 800;
/* Of what the reader refuses. The rest are references, contexts and sums. */
const REFUSED_BY_BOTH = 0.6;

let server: Server;
let validate: ValidateFunction;
let presets: unknown[];

before(async () => {
  server = await startServer();
  const schema = await (await fetch(`${server.address}/api/v1/schema`)).json();
  validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);
  const { items } = await (await fetch(`${server.address}/api/v1/presets`)).json();
  presets = items.map(({ document }: { document: unknown }) => document);
});

after(() => server?.stop());

/** Same numbers in every run of the test. */
function makeRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state % below;
  };
}

type Node = Record<string, unknown> | unknown[];

function nodesOf(value: unknown): Node[] {
  if (typeof value !== "object" || value === null) return [];
  return [value as Node, ...Object.values(value).flatMap(nodesOf)];
}

const VALUES = [null, true, -1, 0, 0.5, 1e30, "", "nonsense", [], {}, [1], { a: 1 }];

/** Changes one thing somewhere. */
function mutate(document: unknown, random: (below: number) => number): void {
  const nodes = nodesOf(document);
  const node = nodes[random(nodes.length)] as Record<string, unknown>;
  const keys = Object.keys(node);
  const key = keys[random(Math.max(1, keys.length))] ?? "x";
  const value = structuredClone(VALUES[random(VALUES.length)]);
  const kind = random(4);
  if (kind === 0) delete node[key];
  else if (kind === 1) node[key] = value;
  else if (kind === 2 && !Array.isArray(node)) node[`${key}x`] = value;
  else if (typeof node[key] === "number") node[key] = (node[key] as number) + random(3) - 1;
}

async function isAccepted(document: unknown): Promise<boolean> {
  const answer = await fetch(`${server.address}/api/v1/preview`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(document),
  });
  await answer.arrayBuffer();
  return answer.status === 200;
}

test("every example is valid", () => {
  for (const document of presets) {
    assert.ok(validate(document), JSON.stringify(validate.errors?.slice(0, 3)));
  }
});

test("what the server accepts is valid, and most of what it refuses is not", async () => {
  const random = makeRandom(7);
  let refused = 0;
  let both = 0;
  for (let i = 0; i < MUTATIONS; i++) {
    const document = structuredClone(presets[random(presets.length)]) as Record<string, unknown>;
    document.limits = { events: 2000 };
    document.repetitions = 1;
    mutate(document, random);
    const valid = validate(document);
    if (await isAccepted(document)) {
      assert.ok(valid, `${JSON.stringify(document)}: ${JSON.stringify(validate.errors?.[0])}`);
    } else {
      refused += 1;
      both += valid ? 0 : 1;
    }
  }
  assert.ok(refused > MUTATIONS / 4 && refused < MUTATIONS, `${refused} refused`);
  assert.ok(both / refused > REFUSED_BY_BOTH, `${both} of ${refused}`);
});
