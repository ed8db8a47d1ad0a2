// SPDX-License-Identifier: MIT
// A timeline that the run did not keep: the server executes the run again and records it, which
// takes as long as the run took. The fingerprints have to agree, or it is refused.

import { ApiError, getTimelineJob, makeTimeline } from "../api";
import { createMade } from "./resource";

/* Asked for and not heard the end of. */
let begun = "";

async function ask(run: string): Promise<true | null> {
  const { status, reason } = await (begun === run ? getTimelineJob(run) : makeTimeline(run));
  // A server that was started anew knows nothing of it.
  begun = status === "waiting" || status === "making" ? run : "";
  if (status === "failed") throw ApiError.saying(reason ?? "");
  return status === "stored" || null;
}

export const making = createMade(ask);
