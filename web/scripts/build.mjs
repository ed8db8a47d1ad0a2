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

/*
 * A chunk for every set of pages that share a module is what esbuild makes: fifteen requests for
 * the first page. So each module that is read later is made to import all that the first page
 * has, which costs it nothing: it is there by then. That all is one set, and one chunk.
 */
const oneFirstChunk = {
  name: "one-first-chunk",
  setup(bundler) {
    bundler.onResolve({ filter: /^\./ }, async ({ kind, path, importer, resolveDir }) => {
      if (kind !== "dynamic-import") return undefined;
      const later = await bundler.resolve(path, { kind: "import-statement", importer, resolveDir });
      return { path: later.path, namespace: "later" };
    });
    bundler.onLoad({ filter: /.*/, namespace: "later" }, ({ path }) => ({
      contents: `import "./src/views/app"; export * from ${JSON.stringify(path)};`,
      resolveDir: root,
    }));
  },
};

const options = {
  absWorkingDir: root,
  outdir: dist,
  bundle: true,
  minify: true,
  target: ["es2022"],
  metafile: true,
  entryNames: "assets/[name]-[hash]",
  assetNames: "assets/[name]-[hash]",
  chunkNames: "assets/[name]-[hash]",
  publicPath: "/",
  loader: { ".woff2": "file", ".svg": "copy" },
  logLevel: "warning",
};

const pages = await build({
  ...options,
  entryPoints: [
    { in: "src/main.tsx", out: "main" },
    { in: "src/icon.svg", out: "icon" },
  ],
  format: "esm",
  splitting: true,
  plugins: [oneFirstChunk],
});
// It needs no other file.
const early = await build({ ...options, entryPoints: ["src/early.ts"], format: "iife" });

const made = { ...pages.metafile.outputs, ...early.metafile.outputs };
const outputs = Object.keys(made).map((path) => basename(path));
const asset = (pattern) => {
  const name = outputs.find((output) => pattern.test(output));
  if (!name) throw new Error(`no bundle output matches ${pattern}`);
  return `/assets/${name}`;
};

// What the first script imports is asked for together with it, and so is the font: a text that
// changes its font after it was painted breaks its lines anew and pushes away what is below.
const [, main] = Object.entries(made).find(([, out]) => out.entryPoint === "src/main.tsx");
const font = asset(/^inter-latin-wght-normal-.*\.woff2$/);
const preload = [
  `<link rel="preload" as="font" type="font/woff2" href="${font}" crossorigin>`,
  ...main.imports
    .filter(({ kind, external }) => kind === "import-statement" && !external)
    .map(({ path }) => `<link rel="modulepreload" href="/assets/${basename(path)}">`),
].join("\n    ");

const html = readFileSync(join(root, "src/index.html"), "utf8")
  .replace("{{early}}", asset(/^early-.*\.js$/))
  .replace("{{script}}", asset(/^main-.*\.js$/))
  .replace("{{preload}}", preload)
  .replace("{{style}}", asset(/^main-.*\.css$/))
  .replace("{{icon}}", asset(/^icon-.*\.svg$/));
writeFileSync(join(dist, "index.html"), html);

const bytes = Object.values(made).reduce((sum, out) => sum + out.bytes, 0);
console.log(`dashboard: ${outputs.length + 1} files, ${Math.round(bytes / 1024)} KiB`);
