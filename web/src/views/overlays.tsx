// SPDX-License-Identifier: MIT
// What lies over a page when it is asked for; its script comes then.

import { useLayoutEffect } from "preact/hooks";
import { overlay } from "../state/commands";
import { lazyPart } from "./lazy-page";
import { attachKeys } from "./page-keys";

const Palette = lazyPart(async () => (await import("./palette")).Palette);
const KeysSheet = lazyPart(async () => (await import("./keys-sheet")).KeysSheet);

export function Overlays() {
  // At once: a key may have been pressed before (early-hand.ts).
  useLayoutEffect(attachKeys, []);
  if (overlay.value === "palette") return <Palette />;
  if (overlay.value === "keys") return <KeysSheet />;
  return null;
}
