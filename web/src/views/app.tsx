// SPDX-License-Identifier: MIT
// The frame of every page: skip link, header with pages, language and theme, and the page.

import { useLayoutEffect } from "preact/hooks";
import { apiRoute, askRoute, type Route, runsRoute } from "../lib/route";
import { type Language, LANGUAGES } from "../i18n/translate";
import { toggleOverlay } from "../state/commands";
import {
  chooseLanguage,
  chooseTheme,
  language,
  t,
  type ThemeChoice,
  themeChoice,
} from "../state/preferences";
import { route } from "../state/router";
import { signedOut } from "../state/session";
import { AskPage } from "./ask-page";
import { AwayNotice } from "./away-notice";
import { Empty } from "./feedback";
import { keepFocus } from "./focus-keeper";
import { Icon, type IconName } from "./icon";
import { lazyPage } from "./lazy-page";
import { Overlays } from "./overlays";
import { isReturning } from "./places";
import { SignIn } from "./sign-in";
import { UndoBar } from "./undo-bar";

const RunsPage = lazyPage(async () => (await import("./runs-page")).RunsPage);
const ExperimentPage = lazyPage(async () => (await import("./experiment-page")).ExperimentPage);
const TimelinePage = lazyPage(async () => (await import("./timeline-page")).TimelinePage);
const ApiPage = lazyPage(async () => (await import("./api-page")).ApiPage);

const THEMES: readonly { choice: ThemeChoice; icon: IconName }[] = [
  { choice: "system", icon: "system" },
  { choice: "light", icon: "sun" },
  { choice: "dark", icon: "moon" },
];

function ThemeSwitch() {
  return (
    <div class="switch" role="group" aria-label={t("theme.label")}>
      {THEMES.map(({ choice, icon }) => (
        <button
          key={choice}
          type="button"
          class="switch-choice"
          data-theme-choice={choice}
          aria-pressed={themeChoice.value === choice}
          aria-label={t(`theme.${choice}`)}
          title={t(`theme.${choice}`)}
          onClick={() => chooseTheme(choice)}
        >
          <Icon name={icon} />
        </button>
      ))}
    </div>
  );
}

function LanguageSwitch() {
  const name = (choice: Language) => t(`language.${choice}`);
  return (
    <div class="switch" role="group" aria-label={t("language.label")}>
      {LANGUAGES.map((choice) => (
        <button
          key={choice}
          type="button"
          class="switch-choice"
          lang={choice}
          aria-pressed={language.value === choice}
          aria-label={`${choice.toUpperCase()}, ${name(choice)}`}
          title={name(choice)}
          onClick={() => void chooseLanguage(choice)}
        >
          {choice.toUpperCase()}
        </button>
      ))}
    </div>
  );
}

/* The pages that are below the list of runs. */
const RUNS: readonly Route["page"][] = ["runs", "experiment", "timeline"];

function Header({ page }: { page: Route["page"] }) {
  const links = [
    { href: askRoute(), text: t("nav.ask"), current: page === "ask" },
    { href: runsRoute, text: t("nav.runs"), current: RUNS.includes(page) },
    { href: apiRoute(), text: t("nav.api"), current: page === "api" },
  ];
  return (
    <header class="header">
      <a class="brand" href={askRoute()} aria-label={t("app.name")}>
        <span class="brand-mark" aria-hidden="true">
          <i />
          <i />
          <i />
          <i />
        </span>
        <span class="brand-name">gilscope</span>
      </a>
      <nav class="nav" aria-label={t("nav.label")}>
        {links.map(({ href, text, current }) => (
          <a key={href} class="nav-link" href={href} aria-current={current ? "page" : undefined}>
            {text}
          </a>
        ))}
      </nav>
      <div class="header-tools">
        <button
          type="button"
          class="palette-button"
          aria-haspopup="dialog"
          aria-keyshortcuts="Control+K"
          title={`${t("palette.title")} (Ctrl+K)`}
          onClick={() => toggleOverlay("palette")}
        >
          <Icon name="search" />
          <span class="visually-hidden">{t("palette.title")}</span>
          <kbd>Ctrl K</kbd>
        </button>
        <LanguageSwitch />
        <ThemeSwitch />
      </div>
      <AwayNotice />
    </header>
  );
}

function NotFound({ path }: { path: string }) {
  return (
    <div class="page">
      <Empty page title={t("app.notFound.title")} text={t("app.notFound.text", { path })}>
        <a class="button" href={askRoute()}>
          {t("app.notFound.home")}
        </a>
      </Empty>
    </div>
  );
}

function Page({ route: at }: { route: Route }) {
  switch (at.page) {
    case "ask":
      return <AskPage preset={at.preset} experiment={at.experiment} />;
    case "runs":
      return <RunsPage query={at} />;
    case "experiment":
      return <ExperimentPage key={at.id} id={at.id} metric={at.metric} />;
    case "timeline":
      return <TimelinePage key={at.run} route={at} />;
    case "api":
      return <ApiPage place={at.place} />;
    case "not-found":
      return <NotFound path={at.path} />;
  }
}

const TITLES: Partial<Record<Route["page"], "nav.ask" | "nav.runs" | "nav.api" | "timeline.label">> = {
  ask: "nav.ask",
  runs: "nav.runs",
  api: "nav.api",
  timeline: "timeline.label",
};

export function pageTitle(page: Route["page"]): string {
  const title = TITLES[page];
  return title ? `${t(title)} - gilscope` : "gilscope";
}

export function App() {
  const at = route.value;
  const name = pageTitle(at.page);
  // An experiment and its runs say what they are called as soon as they know.
  const place = "id" in at ? at.id : "run" in at ? at.run : "";
  useLayoutEffect(() => {
    document.title = name;
  }, [name, place]);
  useLayoutEffect(() => {
    if (!isReturning()) window.scrollTo(0, 0);
  }, [at.page, place]);
  useLayoutEffect(keepFocus, []);
  return (
    <>
      <a
        class="skip-link"
        href="#main"
        onClick={(event) => {
          // The hash is the route, so the jump is made by hand.
          event.preventDefault();
          document.getElementById("main")?.focus();
        }}
      >
        {t("app.skip")}
      </a>
      <Header page={at.page} />
      <main id="main" class="main" tabIndex={-1}>
        {signedOut.value ? <SignIn /> : <Page route={at} />}
      </main>
      <UndoBar />
      <Overlays />
    </>
  );
}
