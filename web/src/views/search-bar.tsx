// SPDX-License-Identifier: MIT
// Search above the timeline: a text that the page shows, a state, a least duration; next and previous.

import { useEffect, useRef } from "preact/hooks";
import { formatDuration, formatNumber } from "../lib/format";
import { byLegendOrder, isQuiet } from "../lib/states";
import { language, t } from "../state/preferences";
import { ask, closeSearch, matches, matchSelected, nextMatch, query, searchOpen } from "../state/search";
import { opened } from "../state/opened";
import { ErrorText } from "./said";
import { Select } from "./select";
import { sharedStateWords } from "./timeline-words";
import { ToolButton } from "./tool-button";

const LEAST_NS = [1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

function stateChoices(): { value: string; text: string }[] {
  const open = opened.value;
  const any = { value: "", text: t("search.anyState") };
  if (open.status !== "ready") return [any];
  const { states, items } = open.value.lanes;
  const used = states
    .filter((name) => !isQuiet(name) && items.some(({ totals }) => (totals[name] ?? 0) > 0))
    .sort(byLegendOrder);
  return [any, ...used.map((name) => ({ value: name, text: sharedStateWords(name, items) }))];
}

/** "3 of 120", "1,000 and more". */
function Count() {
  const found = matches.value;
  if (found.status === "failed") return <ErrorText error={found.error} />;
  if (found.status !== "ready") return <>{found.status === "loading" ? t("app.loading") : ""}</>;
  const { items, hasMore, damaged } = found.value;
  const index = matchSelected(found.value);
  const count = formatNumber(items.length, language.value);
  const total = hasMore ? t("search.more", { count }) : count;
  return (
    <>
      {items.length === 0
        ? t("search.none")
        : index < 0
          ? t("search.found", { total })
          : t("search.place", { index: index + 1, total })}
      {damaged > 0 && ` · ${t("range.damaged", { count: damaged })}`}
    </>
  );
}

export function SearchBar() {
  const input = useRef<HTMLInputElement>(null);
  const open = searchOpen.value;
  useEffect(() => {
    if (open && !query.peek()) input.current?.focus();
  }, [open]);
  if (!open) return null;
  const { name = "", state = "", least = 0 } = query.value ?? {};
  const locale = language.value;
  const leasts = [...new Set([...LEAST_NS, ...(least > 0 ? [least] : [])])].sort((a, b) => a - b);
  return (
    <form
      class="search"
      role="search"
      data-then=".stage-plot"
      aria-label={t("search.title")}
      onSubmit={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if (event.key === "Escape") closeSearch();
        else if (event.key !== "Enter" || event.target instanceof HTMLButtonElement) return;
        else void nextMatch(event.shiftKey ? -1 : 1);
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      <input
        ref={input}
        class="search-input"
        type="search"
        value={name}
        placeholder={t("search.text")}
        aria-label={t("search.text")}
        onInput={(event) => ask({ name: event.currentTarget.value })}
      />
      <label class="picker">
        <span class="visually-hidden">{t("search.state")}</span>
        <Select value={state} choices={stateChoices()} onChoose={(value) => ask({ state: value })} />
      </label>
      <label class="picker">
        <span class="visually-hidden">{t("search.least")}</span>
        <Select
          value={String(least)}
          choices={[
            { value: "0", text: t("search.anyLength") },
            ...leasts.map((ns) => ({
              value: String(ns),
              text: t("search.atLeast", { length: formatDuration(ns, locale) }),
            })),
          ]}
          onChoose={(value) => ask({ least: Number(value) })}
        />
      </label>
      <span class="search-count" role="status">
        <Count />
      </span>
      <span class="tool-group">
        <ToolButton icon="left" label={t("search.previous")} act={() => void nextMatch(-1)} />
        <ToolButton icon="right" label={t("search.next")} act={() => void nextMatch(1)} />
        <ToolButton icon="close" label={t("search.close")} act={closeSearch} />
      </span>
    </form>
  );
}
