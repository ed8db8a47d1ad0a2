// SPDX-License-Identifier: MIT
// What can be done on every page.

import { apiRoute, askRoute, runsRoute } from "../lib/route";
import { type Command, toggleOverlay } from "./commands";
import { chooseLanguage, chooseTheme } from "./preferences";
import { go } from "./router";

export const openPalette = (): void => toggleOverlay("palette");
export const openKeys = (): void => toggleOverlay("keys");

/** The sheet of keys lists them in this order. */
export const APP_COMMANDS: readonly Command[] = [
  { keys: ["k", "P"], shown: ["Ctrl", "K"], says: "key.palette", act: openPalette, when: "mod", always: true },
  { keys: [":"], shown: [":"], says: "key.palette", act: openPalette },
  { keys: ["?"], shown: ["?"], says: "key.sheet", act: openKeys },
  { keys: [], shown: [], says: "command.ask", act: () => go(askRoute()) },
  { keys: [], shown: [], says: "command.runs", act: () => go(runsRoute) },
  { keys: [], shown: [], says: "command.api", act: () => go(apiRoute()) },
  { keys: [], shown: [], says: "command.english", act: () => void chooseLanguage("en") },
  { keys: [], shown: [], says: "command.polish", act: () => void chooseLanguage("pl") },
  { keys: [], shown: [], says: "command.system", act: () => chooseTheme("system") },
  { keys: [], shown: [], says: "command.light", act: () => chooseTheme("light") },
  { keys: [], shown: [], says: "command.dark", act: () => chooseTheme("dark") },
];
