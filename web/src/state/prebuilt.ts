// SPDX-License-Identifier: MIT
// The page that is in the HTML itself (first-page.tsx), so that it is painted before its script
// has run. <html data-prebuilt="shown"> says that it is there and is wanted, "late" that it has
// waited for its script so long that its controls look it, "hidden" that another page is wanted;
// the attribute goes when the script draws (main.tsx).

type Prebuilt = "shown" | "late" | "hidden";

/** Undefined: there is none, or no more. */
export function prebuilt(): Prebuilt | undefined {
  return document.documentElement.dataset.prebuilt as Prebuilt | undefined;
}

export function setPrebuilt(state: Prebuilt | undefined): void {
  if (state === undefined) delete document.documentElement.dataset.prebuilt;
  else document.documentElement.dataset.prebuilt = state;
}

/** Whether this script found a page that it takes over, examples and all. */
export const isPrebuilt = prebuilt() === "shown" || prebuilt() === "late";
