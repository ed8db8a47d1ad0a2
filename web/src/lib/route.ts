// SPDX-License-Identifier: MIT
// The URL is the view. Everything after # is a path and a query; nothing else is kept.
//   #/?preset=ID or #/?from=EXPERIMENT     Ask
//   #/experiments?name=TEXT&status=WORDS&order=WORD   Runs: what of them
//   #/api/NAME                             API: an operation or a schema, or all of them
//   #/experiments/ID?metric=NAME&...       Grid: by which metric
//     sort=best&cells=all                    the table of cells: best first, all sizes of pools
//     axis=POINTER&scale=WORD                the chart of the sweep
//     curves=WORD                            the chart of scaling
//   #/runs/ID?from=NS&to=NS&...            Timeline: the window and, as far as there is one,
//     lane=N&at=NS                           the selected span
//     counter=N.NAME&at=NS                   the counter that is looked at, of lane N
//     range=NS-NS                            the range with statistics
//     name=TEXT&state=WORD&least=NS          what is searched for
//     fold=, pin=, hide=, move=, lanes=, only=   how lanes are arranged (arrangement.ts)

import { type Arrangement, PLAIN, readArrangement, writeArrangement } from "./arrangement";
import type { Viewport } from "./viewport";

export interface CounterAddress {
  lane: number;
  name: string;
}

/** Spans with `name` in what the page shows of them, in `state`, of `least` ns; "" and 0 ask for
 * nothing. */
export interface FindQuery {
  name: string;
  state: string;
  least: number;
}

export const RUN_ORDERS = ["newest", "oldest", "name"] as const;
export type RunOrder = (typeof RUN_ORDERS)[number];

/** Which experiments: with `name` in theirs, in one of the statuses; "" and none ask for all. */
export interface RunsQuery {
  name: string;
  statuses: readonly string[];
  order: RunOrder;
}

/** How a grid is looked at; null: as the page thinks best. */
export interface GridView {
  metric: string | null;
  /** The table of cells: best first, else as in the document. */
  isSorted: boolean;
  /** All sizes of pools, and not the best of each alone. */
  isWhole: boolean;
  /** The pointer that is the axis of the chart of the sweep. */
  axis: string | null;
  scale: "log" | "linear" | null;
  curves: "workers" | "cores" | null;
}

export interface TimelineRoute {
  page: "timeline";
  run: string;
  from: number | null;
  to: number | null;
  lane: number | null;
  at: number | null;
  counter: CounterAddress | null;
  range: Viewport | null;
  find: FindQuery | null;
  arrangement: Arrangement;
}

export type Route =
  | { page: "ask"; preset: string | null; experiment: string | null }
  | ({ page: "runs" } & RunsQuery)
  | { page: "api"; place: string | null }
  | ({ page: "experiment"; id: string } & GridView)
  | TimelineRoute
  | { page: "not-found"; path: string };

function naturalNumber(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function counterAddress(text: string | null): CounterAddress | null {
  const [, lane, name] = /^(\d{1,9})\.([a-z0-9_]+)$/.exec(text ?? "") ?? [];
  return lane !== undefined && name !== undefined ? { lane: Number(lane), name } : null;
}

function findOf(params: URLSearchParams): FindQuery | null {
  const name = params.get("name") ?? "";
  const state = /^[a-z_]*$/.exec(params.get("state") ?? "")?.[0] ?? "";
  const least = naturalNumber(params.get("least")) ?? 0;
  return name === "" && state === "" && least === 0 ? null : { name, state, least };
}

function rangeOf(text: string | null): Viewport | null {
  const [, from, to] = /^(\d{1,15})-(\d{1,15})$/.exec(text ?? "") ?? [];
  const range = { from: Number(from), to: Number(to) };
  return range.from < range.to ? range : null;
}

function runsQueryOf(params: URLSearchParams): RunsQuery {
  const order = RUN_ORDERS.find((word) => word === params.get("order")) ?? "newest";
  const words = (params.get("status") ?? "").split(",");
  return {
    name: params.get("name") ?? "",
    statuses: words.filter((word) => /^[a-z_]+$/.test(word)),
    order,
  };
}

function gridViewOf(params: URLSearchParams): GridView {
  const word = <Word extends string>(name: string, words: readonly Word[]): Word | null =>
    words.find((each) => each === params.get(name)) ?? null;
  return {
    metric: params.get("metric"),
    isSorted: params.get("sort") === "best",
    isWhole: params.get("cells") === "all",
    axis: params.get("axis"),
    scale: word("scale", ["log", "linear"]),
    curves: word("curves", ["workers", "cores"]),
  };
}

export function parseRoute(hash: string): Route {
  const text = hash.replace(/^#/, "") || "/";
  const [path = "/", query = ""] = text.split("?", 2);
  const params = new URLSearchParams(query);
  let parts: string[];
  try {
    parts = path.split("/").filter(Boolean).map(decodeURIComponent);
  } catch {
    return { page: "not-found", path };
  }
  const [first, id, more] = parts;
  if (first === undefined) {
    return { page: "ask", preset: params.get("preset"), experiment: params.get("from") };
  }
  if (first === "experiments" && id === undefined) {
    return { page: "runs", ...runsQueryOf(params) };
  }
  if (first === "api" && more === undefined) return { page: "api", place: id ?? null };
  if (first === "experiments" && id !== undefined && more === undefined) {
    return { page: "experiment", id, ...gridViewOf(params) };
  }
  if (first === "runs" && id !== undefined && more === undefined) {
    return {
      page: "timeline",
      run: id,
      from: naturalNumber(params.get("from")),
      to: naturalNumber(params.get("to")),
      lane: naturalNumber(params.get("lane")),
      at: naturalNumber(params.get("at")),
      counter: counterAddress(params.get("counter")),
      range: rangeOf(params.get("range")),
      find: findOf(params),
      arrangement: readArrangement(params),
    };
  }
  return { page: "not-found", path };
}

function withQuery(path: string, values: Record<string, string | number | null>): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    if (value !== null) params.set(key, String(value));
  }
  const query = params.toString();
  return query ? `${path}?${query}` : path;
}

export function formatRoute(route: Route): string {
  switch (route.page) {
    case "ask":
      return withQuery("#/", { preset: route.preset, from: route.experiment });
    case "runs":
      return withQuery("#/experiments", {
        name: route.name || null,
        status: route.statuses.join(",") || null,
        order: route.order === "newest" ? null : route.order,
      });
    case "api":
      return route.place === null ? "#/api" : `#/api/${encodeURIComponent(route.place)}`;
    case "experiment":
      return withQuery(`#/experiments/${encodeURIComponent(route.id)}`, {
        metric: route.metric,
        sort: route.isSorted ? "best" : null,
        cells: route.isWhole ? "all" : null,
        axis: route.axis,
        scale: route.scale,
        curves: route.curves,
      });
    case "timeline": {
      const { run, from, to, lane, at } = route;
      const counter = route.counter && `${route.counter.lane}.${route.counter.name}`;
      return withQuery(`#/runs/${encodeURIComponent(run)}`, {
        from,
        to,
        lane,
        counter,
        at,
        name: route.find?.name || null,
        state: route.find?.state || null,
        least: route.find?.least || null,
        range: route.range && `${route.range.from}-${route.range.to}`,
        ...writeArrangement(route.arrangement),
      });
    }
    case "not-found":
      return `#${route.path}`;
  }
}

export const askRoute = (preset: string | null = null, experiment: string | null = null): string =>
  formatRoute({ page: "ask", preset, experiment });
export const PLAIN_GRID: GridView = {
  metric: null,
  isSorted: false,
  isWhole: false,
  axis: null,
  scale: null,
  curves: null,
};
export const experimentRoute = (id: string): string =>
  formatRoute({ page: "experiment", id, ...PLAIN_GRID });
/** A run as one sees it first: whole, and with nothing selected. */
export const wholeRun = (run: string): TimelineRoute => ({
  page: "timeline",
  run,
  from: null,
  to: null,
  lane: null,
  at: null,
  counter: null,
  range: null,
  find: null,
  arrangement: PLAIN,
});
export const timelineRoute = (run: string): string => formatRoute(wholeRun(run));
export const ALL_RUNS: RunsQuery = { name: "", statuses: [], order: "newest" };
export const runsRoute = formatRoute({ page: "runs", ...ALL_RUNS });
export const apiRoute = (place: string | null = null): string => formatRoute({ page: "api", place });
