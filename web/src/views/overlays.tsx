// SPDX-License-Identifier: MIT
// What lies over a page when it is asked for; its script comes then.

import { useEffect } from "preact/hooks";
import { overlay } from "../state/commands";
import { lazyPart } from "./lazy-page";
import { attachKeys } from "./page-keys";

const Palette = lazyPart(async () => (await import("./palette")).Palette);
const KeysSheet = lazyPart(async () => (await import("./keys-sheet")).KeysSheet);

export function Overlays() {
  useEffect(attachKeys, []);
  if (overlay.value === "palette") return <Palette />;
  if (overlay.value === "keys") return <KeysSheet />;
  return null;
}
