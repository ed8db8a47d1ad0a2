// SPDX-License-Identifier: MIT
// Bundles the dashboard: index.html plus assets/<name>-<hash>.<ext>, nothing inline, so that
// the server can send `Content-Security-Policy: default-src 'self'`.
// GILSCOPE_DIST names the output directory (default: dist beside package.json).

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = process.env.GILSCOPE_DIST ? resolve(process.env.GILSCOPE_DIST) : join(root, "dist");

rmSync(join(dist, "assets"), { recursive: true, force: true });
mkdirSync(dist, { recursive: true });

const result = await build({
  absWorkingDir: root,
  entryPoints: [
    { in: "src/main.tsx", out: "main" },
    { in: "src/icon.svg", out: "icon" },
  ],
  outdir: dist,
  bundle: true,
  minify: true,
  format: "esm",
  splitting: true,
  target: ["es2022"],
  metafile: true,
  entryNames: "assets/[name]-[hash]",
  assetNames: "assets/[name]-[hash]",
  chunkNames: "assets/[name]-[hash]",
  publicPath: "/",
  loader: { ".woff2": "file", ".svg": "copy" },
  logLevel: "warning",
});

const outputs = Object.keys(result.metafile.outputs).map((path) => basename(path));
const asset = (pattern) => {
  const name = outputs.find((output) => pattern.test(output));
  if (!name) throw new Error(`no bundle output matches ${pattern}`);
  return `/assets/${name}`;
};

// What the first script imports is asked for together with it.
const [, main] = Object.entries(result.metafile.outputs).find(([, out]) => out.entryPoint === "src/main.tsx");
const preload = main.imports
  .filter(({ kind, external }) => kind === "import-statement" && !external)
  .map(({ path }) => `<link rel="modulepreload" href="/assets/${basename(path)}">`)
  .join("\n    ");

const html = readFileSync(join(root, "src/index.html"), "utf8")
  .replace("{{script}}", asset(/^main-.*\.js$/))
  .replace("{{preload}}", preload)
  .replace("{{style}}", asset(/^main-.*\.css$/))
  .replace("{{icon}}", asset(/^icon-.*\.svg$/));
writeFileSync(join(dist, "index.html"), html);

const bytes = Object.values(result.metafile.outputs).reduce((sum, out) => sum + out.bytes, 0);
console.log(`dashboard: ${outputs.length + 1} files, ${Math.round(bytes / 1024)} KiB`);
