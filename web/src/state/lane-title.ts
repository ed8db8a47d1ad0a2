// SPDX-License-Identifier: MIT
// What a lane is called, in the reader's language.

import { gilOwner, type Lane } from "../lib/lanes";
import { isPart } from "../lib/loop-parts";
import { t } from "./preferences";

/** What the engine calls a lane that the document gave no name. */
const UNNAMED: Partial<Record<Lane["kind"], string>> = { loop: "event loop", process: "process" };

export function laneTitle(lane: Lane | undefined): string {
  if (!lane) return "";
  const kind = t(`kind.${lane.kind}`);
  if (isPart(lane.id) || lane.name === UNNAMED[lane.kind]) return kind;
  const owner = gilOwner(lane);
  if (owner !== null) return t("timeline.gilOf", { thread: owner });
  const numbered = new RegExp(`^${lane.kind}[ -]?(\\d+)$`, "i").exec(lane.name);
  if (numbered) return `${kind} ${numbered[1]}`;
  return lane.name || `${kind} ${lane.id}`;
}
