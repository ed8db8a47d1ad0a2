// SPDX-License-Identifier: MIT
// The current route, read from the URL and written back to it.

import { batch, computed, signal } from "@preact/signals";
import { formatRoute, type GridView, parseRoute, PLAIN_GRID, type Route } from "../lib/route";

const hash = signal(window.location.hash);
/** How often somebody other than this page wrote the address: a link, Back, the address bar. */
export const visits = signal(0);
let leave = (): void => {};
window.addEventListener("hashchange", () => {
  leave();
  batch(() => {
    hash.value = window.location.hash;
    visits.value += 1;
  });
});

/** `act` is called whenever the address is another one, while the page of the old one still stands. */
export function beforeVisits(act: () => void): void {
  leave = act;
}

export const route = computed<Route>(() => parseRoute(hash.value));

export function go(address: string): void {
  window.location.hash = address;
}

/** Changes the URL without a step in the history: for what changes while one looks. */
export function replaceRoute(next: Route): void {
  const address = formatRoute(next);
  if (address === window.location.hash) return;
  window.history.replaceState(window.history.state, "", address);
  hash.value = address;
}

/** How the grid that is open is looked at. */
export const gridView = computed<GridView>(() => (route.value.page === "experiment" ? route.value : PLAIN_GRID));

export function changeGridView(change: Partial<GridView>): void {
  const now = route.peek();
  if (now.page === "experiment") replaceRoute({ ...now, ...change });
}
