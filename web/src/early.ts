// SPDX-License-Identifier: MIT
// What has to be so before anything is painted, and before the style sheet is there: the theme,
// and whether the prebuilt page is the one that is wanted. Asks the server for what the first
// page shows while its scripts are still on their way, and starts them.

import { askEarly, FIRST_QUESTIONS } from "./lib/early-questions";
import { askFor, keptDraft, keptLanguage, keptTheme, OWN_KEY, type ThemeChoice } from "./state/kept";
import { prebuilt, setPrebuilt } from "./state/prebuilt";
import { watchEarlyHand } from "./views/early-hand";

const page = document.documentElement;
const { hash } = window.location;
/* Only the HTML with the prebuilt page says which script; the other one starts it by itself. */
const script = (document.currentScript as HTMLScriptElement | null)?.dataset.then;

function startScript(): void {
  if (script === undefined) return;
  const element = document.createElement("script");
  element.type = "module";
  element.src = script;
  document.head.append(element);
}

/* The script would hold up the paint that it is not needed for. */
function afterFirstPaint(act: () => void): void {
  const PAINT_MS = 1000;
  let isOver = false;
  const once = (): void => {
    if (!isOver) act();
    isOver = true;
  };
  const observer = new PerformanceObserver((list) => {
    if (list.getEntriesByName("first-contentful-paint").length > 0) once();
  });
  observer.observe({ type: "paint", buffered: true });
  document.addEventListener("DOMContentLoaded", () => {
    // What nobody sees is never painted.
    if (document.hidden) once();
    else window.setTimeout(once, PAINT_MS);
  });
}

/* Controls that do nothing yet are not to look as if they did. */
const LATE_MS = 1500;

/* What the HTML cannot say: it was built with no theme chosen, and the server's policy knows no
 * attribute `style`. Called after each part of the HTML, before it is painted. */
function correct(choice: ThemeChoice): void {
  for (const button of document.querySelectorAll<HTMLElement>("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
  }
  for (const element of document.querySelectorAll<HTMLElement>("[data-style]")) {
    element.style.cssText = element.dataset.style ?? "";
    delete element.dataset.style;
  }
}

const choice = keptTheme();
const isDark = choice === "system" ? window.matchMedia("(prefers-color-scheme: dark)").matches : choice === "dark";
page.dataset.theme = isDark ? "dark" : "light";
if (/^(#\/?)?(\?|$)/.test(hash)) askEarly(FIRST_QUESTIONS);

const language = keptLanguage();
// It was chosen before there was a cookie for it, or the cookie has gone.
if (prebuilt() !== undefined && page.lang !== language) askFor(language);
const isWanted = /^(#\/?)?$/.test(hash) && page.lang === language && keptDraft(OWN_KEY) === null;
if (prebuilt() !== undefined && isWanted) {
  watchEarlyHand();
  const observer = new MutationObserver(() => correct(choice));
  observer.observe(document, { childList: true, subtree: true });
  document.addEventListener("DOMContentLoaded", () => {
    observer.disconnect();
    // The last part may come in the same task: the observer has not been told of it.
    correct(choice);
  });
  afterFirstPaint(startScript);
  window.setTimeout(() => prebuilt() && setPrebuilt("late"), LATE_MS);
} else {
  if (prebuilt() !== undefined) setPrebuilt("hidden");
  document.addEventListener("DOMContentLoaded", startScript);
}
