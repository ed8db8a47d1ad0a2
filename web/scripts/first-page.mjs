// SPDX-License-Identifier: MIT
// Makes the HTML of the first page (src/first-page.tsx), in every language: bundles it for Node,
// gives it the little of a browser that its modules touch, and runs it.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

/* Nobody has chosen or kept anything. */
const storage = { getItem: () => null, setItem() {}, removeItem() {} };
const browser = {
  document: { documentElement: { lang: "", dataset: {} } },
  navigator: { languages: ["en"] },
  localStorage: storage,
  sessionStorage: storage,
  location: { hash: "" },
  addEventListener() {},
  matchMedia: () => ({ matches: false, addEventListener() {} }),
};

function becomeBrowser() {
  for (const [name, value] of Object.entries({ ...browser, window: browser })) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
}

/* The server answers the same: name and description are the document's own. */
function readPresets(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => {
      const document = JSON.parse(readFileSync(join(folder, name), "utf8"));
      return { id: name.slice(0, -".json".length), name: document.name, description: document.description, document };
    });
}

/* Other pages stay in files of their own, which need more of a browser, and are not read. */
async function bundle(root, folder) {
  await build({
    absWorkingDir: root,
    entryPoints: ["src/first-page.tsx"],
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    splitting: true,
    bundle: true,
    platform: "node",
    format: "esm",
    target: ["node18"],
    packages: "external",
    logLevel: "warning",
  });
  return import(pathToFileURL(join(folder, "first-page.mjs")).href);
}

function isThere(name, root) {
  try {
    createRequire(join(root, "package.json")).resolve(name);
    return true;
  } catch {
    return false;
  }
}

/**
 * For each language { language, html, title, noScript }; nothing where what it takes is not there:
 * the page is then drawn by its script alone. `models`: a file, GET /api/v1/models.
 */
export async function makeFirstPages({ root, languages, examples, models }) {
  if (!models || !isThere("preact-render-to-string", root)) return [];
  const known = { presets: readPresets(examples), models: JSON.parse(readFileSync(models, "utf8")) };
  const cache = join(root, "node_modules", ".cache");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "first-page-"));
  try {
    becomeBrowser();
    const { firstPage } = await bundle(root, folder);
    const pages = [];
    for (const language of languages) pages.push({ language, ...(await firstPage(language, known)) });
    return pages;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
