// SPDX-License-Identifier: MIT
// What a lane does, in the reader's language.

import type { Lane } from "../lib/lanes";
import { tServer } from "./preferences";

export function stateWords(state: string, lane: Lane | undefined): string {
  const general = tServer("state", state, state.replace(/_/g, " "));
  return lane ? tServer(`state.${lane.kind}`, state, general) : general;
}
