// SPDX-License-Identifier: MIT
// Bundles the dashboard: index.html plus assets/<name>-<hash>.<ext>, nothing inline, so that
// the server can send `Content-Security-Policy: default-src 'self'`. index.en.html and
// index.pl.html have the first page in them.
// GILSCOPE_DIST names the output directory (default: dist beside package.json), GILSCOPE_MODELS a
// file with the server's models; without it there are no first pages.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { makeFirstPages } from "./first-page.mjs";

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

/* The files that a script, and what it imports, are made of. */
const scriptsOf = (isEntry) => {
  const [path, { imports }] = Object.entries(made).find(([, { entryPoint = "" }]) => isEntry(entryPoint));
  const needed = imports.filter(({ kind, external }) => kind === "import-statement" && !external);
  return [path, ...needed.map((each) => each.path)].map((each) => `/assets/${basename(each)}`);
};
const main = scriptsOf((entry) => entry === "src/main.tsx");

// What the first script imports is asked for together with it, and so is the font: a text that
// changes its font after it was painted breaks its lines anew and pushes away what is below. A
// language that is not English has letters and a catalogue of its own.
function preloads(language) {
  const sets = language === "en" ? ["latin"] : ["latin", "latin-ext"];
  const fonts = sets.map((set) => asset(new RegExp(`^inter-${set}-wght-normal-.*\\.woff2$`)));
  const words = language === "en" ? [] : scriptsOf((entry) => entry.endsWith(`/i18n/${language}.ts`));
  return [
    ...fonts.map((font) => `<link rel="preload" as="font" type="font/woff2" href="${font}" crossorigin>`),
    ...[...new Set([...main, ...words])].map((path) => `<link rel="modulepreload" href="${path}">`),
  ];
}

/* `page` has what index.html leaves open; the prebuilt page's script begins when it is painted. */
function writeHtml(name, { language, title, noScript, html }) {
  const isPrebuilt = html !== "";
  const start = isPrebuilt ? [] : [`<script type="module" src="${main[0]}"></script>`];
  const parts = {
    language,
    title,
    noscript: noScript,
    page: html,
    prebuilt: isPrebuilt ? ' data-prebuilt="shown"' : "",
    then: isPrebuilt ? ` data-then="${main[0]}"` : "",
    early: asset(/^early-.*\.js$/),
    icon: asset(/^icon-.*\.svg$/),
    style: asset(/^main-.*\.css$/),
    preload: [...preloads(language), ...start].join("\n    "),
  };
  const template = readFileSync(join(root, "src/index.html"), "utf8");
  writeFileSync(join(dist, name), template.replace(/\{\{(\w+)\}\}/g, (_, part) => parts[part]));
}

const noScript = "gilscope draws its pages with JavaScript. The same data is at /api/v1.";
writeHtml("index.html", { language: "en", title: "gilscope", noScript, html: "" });
const firstPages = await makeFirstPages({
  root,
  languages: ["en", "pl"],
  examples: join(dirname(root), "server/examples"),
  models: process.env.GILSCOPE_MODELS,
});
for (const page of firstPages) writeHtml(`index.${page.language}.html`, page);

const bytes = Object.values(made).reduce((sum, out) => sum + out.bytes, 0);
console.log(`dashboard: ${outputs.length + 1 + firstPages.length} files, ${Math.round(bytes / 1024)} KiB`);
