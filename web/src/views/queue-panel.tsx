// SPDX-License-Identifier: MIT
// What runs and what waits, with how far it is and how long it still takes.

import { useState } from "preact/hooks";
import { formatNumber, formatShare } from "../lib/format";
import { experimentRoute } from "../lib/route";
import { experimentName } from "../state/catalogue";
import { language, t } from "../state/preferences";
import { cancelRun, queue, queueCut, type Queued } from "../state/queue";
import { leftWords } from "./left-words";
import { ToolButton } from "./tool-button";

function Entry({ item, place }: { item: Queued; place: number }) {
  const name = experimentName(item.name);
  const { share } = item;
  const isRunning = item.status === "running";
  const cells = `${formatNumber(item.cells_done, language.value)}/${formatNumber(item.cells, language.value)}`;
  return (
    <li class="queue-entry" data-status={item.status}>
      <a class="row-link" href={experimentRoute(item.id)}>
        {name}
      </a>
      {isRunning ? (
        <>
          <span
            class="queue-bar"
            role="progressbar"
            aria-label={t("queue.progress", { name })}
            aria-valuemin={0}
            aria-valuemax={100}
            aria-valuenow={Math.round(100 * share)}
            aria-valuetext={`${cells}, ${formatShare(share, language.value)}`}
          >
            <span style={{ width: `${share * 100}%` }} />
          </span>
          <span class="queue-figures">
            <span>{t("queue.cells", { cells })}</span>
            <span class="is-muted">{leftWords(item.left)}</span>
          </span>
        </>
      ) : (
        <span class="queue-figures">
          <span class="is-muted">{t("queue.place", { place })}</span>
        </span>
      )}
      <ToolButton icon="stop" label={t("runs.cancel", { name })} act={() => void cancelRun(item.id)} />
    </li>
  );
}

const ROOM_MAX = 7;

/** It keeps the room that it begins with: what comes later is there when one scrolls. */
export function QueuePanel() {
  const items = queue.value;
  const [room] = useState(Math.min(ROOM_MAX, Math.max(1, items.length)));
  const running = items.filter(({ status }) => status === "running").length;
  return (
    <section class="queue" aria-labelledby="queue-title">
      <div class="queue-head">
        <h2 id="queue-title" class="section-title">
          {t("queue.title")}
        </h2>
        {items.length > 0 && (
          <p class="is-muted">
            {t("queue.counts", { running, waiting: items.length - running })}
            {queueCut.value && ` ${t("queue.cut")}`}
          </p>
        )}
      </div>
      <div class="queue-list" style={{ "--room": room }}>
        {items.length === 0 && <p class="queue-empty is-muted">{t("queue.empty")}</p>}
        {items.length > 0 && (
          <ul>
            {items.map((item, index) => (
              <Entry key={item.id} item={item} place={index - running + 1} />
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}
