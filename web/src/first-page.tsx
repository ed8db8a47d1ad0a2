// SPDX-License-Identifier: MIT
// The Ask page as somebody finds it who comes for the first time, as HTML: made while the
// dashboard is built (scripts/first-page.mjs), from what the server will say of examples and
// models. A browser paints it as soon as it is there; the script then takes it over.

import { renderToString } from "preact-render-to-string";
import type { Models, Preset } from "./api";
import type { Language } from "./lib/language";
import { openOwnQuestion } from "./state/ask";
import { inOrder, models, presets } from "./state/catalogue";
import { chooseLanguage, t } from "./state/preferences";
import { App, pageTitle } from "./views/app";

export interface FirstPage {
  html: string;
  title: string;
  noScript: string;
}

export async function firstPage(
  language: Language,
  known: { presets: readonly Preset[]; models: Models },
): Promise<FirstPage> {
  await chooseLanguage(language);
  presets.state.value = { status: "ready", value: inOrder(known.presets) };
  models.state.value = { status: "ready", value: known.models };
  openOwnQuestion();
  // The server's policy knows no attribute `style`: early.ts puts it there.
  const html = renderToString(<App />).replace(/ style="/g, ' data-style="');
  return { html, title: pageTitle("ask"), noScript: t("app.noScript") };
}
