// SPDX-License-Identifier: MIT
// Bundles the TypeScript tests (Node 18 cannot read them) and hands them to Node's own runner.
//   node scripts/test.mjs unit|browser|contract [NAME ...]          those tests only
//   node scripts/test.mjs screenshot|bench [arguments of the program]
// The bundle lives in a temporary folder inside node_modules, so that bare imports resolve, and
// goes away whatever happens.

import { spawnSync } from "node:child_process";
import { mkdtempSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [kind, ...rest] = process.argv.slice(2);

const entriesOf = {
  unit: () => readdirSync(join(root, "tests/unit")).map((name) => `tests/unit/${name}`),
  browser: () =>
    readdirSync(join(root, "tests/browser")).map((name) => `tests/browser/${name}`),
  contract: () => readdirSync(join(root, "tests/contract")).map((name) => `tests/contract/${name}`),
  screenshot: () => ["tests/browser/screenshot.ts"],
  bench: () => ["tests/bench/bench.ts"],
};
/* Programs rather than tests: they take arguments. */
const PROGRAMS = ["screenshot", "bench"];
if (!(kind in entriesOf)) {
  console.error("usage: node scripts/test.mjs unit|browser|contract|screenshot|bench");
  process.exit(2);
}

const cache = join(root, "node_modules", ".cache");
mkdirSync(cache, { recursive: true });
const out = mkdtempSync(join(cache, "tests-"));
let status = 1;
try {
  const isWanted = (path) =>
    PROGRAMS.includes(kind) ||
    (path.endsWith(".test.ts") && (rest.length === 0 || rest.includes(basename(path, ".test.ts"))));
  const entries = entriesOf[kind]().filter(isWanted);
  if (entries.length === 0) throw new Error(`no ${kind} test is called ${rest.join(" or ")}`);
  await build({
    absWorkingDir: root,
    entryPoints: entries,
    outdir: out,
    outbase: join(root, "tests"),
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: ["node18"],
    packages: "external",
    sourcemap: "inline",
    logLevel: "warning",
  });
  const files = entries.map((path) => join(out, path.slice(6).replace(/\.ts$/, ".mjs")));
  const args = PROGRAMS.includes(kind) ? [...files, ...rest] : ["--test", ...files];
  const env = { ...process.env, GILSCOPE_WEB: root };
  const run = spawnSync(process.execPath, ["--enable-source-maps", ...args], {
    stdio: "inherit",
    env,
  });
  status = run.status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
process.exit(status);
