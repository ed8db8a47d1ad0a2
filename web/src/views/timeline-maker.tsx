// SPDX-License-Identifier: MIT
// In place of a timeline that the run did not keep: it is made now, because somebody wants to see
// it.

import { useEffect } from "preact/hooks";
import type { Run } from "../api";
import { experimentRoute } from "../lib/route";
import { t } from "../state/preferences";
import { making } from "../state/timeline-maker";
import { Empty, Failed } from "./feedback";

function ToGrid({ run }: { run: Run }) {
  return (
    <a class="button" href={experimentRoute(run.experiment)}>
      {t("timeline.none.action")}
    </a>
  );
}

function Making({ run, made }: { run: Run; made(): void }) {
  const state = making.state.value;
  useEffect(() => {
    making.ask(run.id);
    return making.forget;
  }, [run.id]);
  const isMade = state.status === "ready";
  useEffect(() => {
    if (isMade) made();
  }, [isMade]);
  if (state.status === "failed") {
    return (
      <Failed error={state.error} retry={() => making.ask(run.id)}>
        <ToGrid run={run} />
      </Failed>
    );
  }
  return (
    <div role="status" aria-busy="true">
      <Empty title={t("timeline.making.title")} text={t("timeline.making.text")}>
        <ToGrid run={run} />
      </Empty>
    </div>
  );
}

/** `made` is called when it is there. */
export function TimelineMaker({ run, made }: { run: Run; made(): void }) {
  if (run.status === "done" || run.status === "limited") return <Making run={run} made={made} />;
  return (
    <Empty title={t("timeline.none.title")} text={t("timeline.none.text")}>
      <ToGrid run={run} />
    </Empty>
  );
}
