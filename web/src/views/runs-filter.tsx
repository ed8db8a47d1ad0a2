// SPDX-License-Identifier: MIT
// Which experiments the list shows, and in which order. The URL has it: so has a link.

import { RUN_ORDERS, type RunsQuery } from "../lib/route";
import { t } from "../state/preferences";
import { replaceRoute } from "../state/router";
import { Icon } from "./icon";
import { Select } from "./select";

const STATUSES = ["queued", "running", "done", "failed", "interrupted"] as const;

export function RunsFilter({ query }: { query: RunsQuery }) {
  const change = (part: Partial<RunsQuery>): void => {
    replaceRoute({ page: "runs", ...query, ...part });
  };
  const toggle = (status: string): void => {
    const others = query.statuses.filter((other) => other !== status);
    const isOn = others.length < query.statuses.length;
    change({ statuses: isOn ? others : [...query.statuses, status] });
  };
  return (
    <form
      class="runs-filter"
      role="search"
      aria-label={t("runs.search")}
      onSubmit={(event) => event.preventDefault()}
    >
      <label class="runs-search">
        <Icon name="search" />
        <input
          class="text-field"
          type="search"
          value={query.name}
          placeholder={t("runs.search")}
          aria-label={t("runs.search")}
          onInput={(event) => change({ name: event.currentTarget.value })}
          onKeyDown={(event) => {
            if (event.key === "Escape" && query.name !== "") change({ name: "" });
          }}
        />
      </label>
      <div class="runs-statuses" role="group" aria-label={t("runs.filter")}>
        {STATUSES.map((status) => (
          <button
            key={status}
            type="button"
            class="status-button"
            aria-pressed={query.statuses.includes(status)}
            onClick={() => toggle(status)}
          >
            <span class="status" data-status={status}>
              <span class="status-dot" aria-hidden="true" />
              {t(`status.${status}`)}
            </span>
          </button>
        ))}
      </div>
      <label class="picker">
        <span class="visually-hidden">{t("runs.order")}</span>
        <Select
          value={query.order}
          choices={RUN_ORDERS.map((order) => ({ value: order, text: t(`runs.order.${order}`) }))}
          onChoose={(order) =>
            change({ order: RUN_ORDERS.find((word) => word === order) ?? "newest" })
          }
        />
      </label>
    </form>
  );
}
