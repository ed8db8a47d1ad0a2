// SPDX-License-Identifier: MIT
// A server that was updated has no more of the scripts of a page that was opened before: what they
// would have brought is there after the page is loaded again, at the same address.

/* The dashboard for which the page has been loaded again: once is enough. */
const KEY = "gilscope.replaced-by";

/** Loads the page again if the server has another dashboard by now; whether it does. */
export async function reloadIfReplaced(): Promise<boolean> {
  const mine = new URL(import.meta.url).pathname;
  const answer = await fetch("/", { cache: "no-store" }).catch(() => null);
  if (!answer?.ok) return false;
  const theirs = await answer.text().catch(() => mine);
  if (theirs.includes(mine) || sessionStorage.getItem(KEY) === mine) return false;
  sessionStorage.setItem(KEY, mine);
  window.location.reload();
  return true;
}
