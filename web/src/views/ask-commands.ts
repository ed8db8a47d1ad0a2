// SPDX-License-Identifier: MIT
// What can be done on the Ask page, for the palette and the sheet of keys.

import { askRoute, experimentRoute } from "../lib/route";
import { isDocumentShown, resetDraft, resetSliders, submitDraft } from "../state/ask";
import { whyNotRun } from "../state/ask-fields";
import { presetName, presets } from "../state/catalogue";
import type { PageCommands, Target } from "../state/commands";
import { valueOf } from "../state/resource";
import { go } from "../state/router";

/** Keeps the document as an experiment, and shows its grid. */
export function run(): void {
  if (whyNotRun.peek() !== null) return;
  void submitDraft().then((id) => {
    if (id !== null) go(experimentRoute(id));
  });
}

function toggleDocument(): void {
  isDocumentShown.value = !isDocumentShown.value;
}

function examples(): Target[] {
  return (valueOf(presets) ?? []).map((preset) => ({
    key: `preset-${preset.id}`,
    text: presetName(preset),
    act: () => go(askRoute(preset.id)),
  }));
}

/** `write` goes into the editor of the document. */
export function askCommands(write: () => void): PageCommands {
  return {
    commands: [
      { keys: ["Enter"], shown: ["Ctrl", "Enter"], says: "command.run", act: run, when: "mod", always: true },
      { keys: ["e"], shown: ["E"], says: "command.write", act: write },
      { keys: [], shown: [], says: "command.document", act: toggleDocument },
      { keys: [], shown: [], says: "command.resetSliders", act: resetSliders },
      { keys: [], shown: [], says: "ask.reset", act: resetDraft },
      { keys: [], shown: [], says: "ask.own.back", act: () => go(askRoute()) },
    ],
    targets: { says: "ask.presets", list: examples },
  };
}
