// SPDX-License-Identifier: MIT
// Who held the resource during a wait, in shares, as a stacked bar with words.

import type { Blame } from "../lib/blame";
import { formatShare } from "../lib/format";
import { IDENTITY_COLOURS } from "../timeline/palette";
import { language, t } from "../state/preferences";
import { threadIndex } from "../state/opened";
import { laneFullTitle } from "./timeline-words";

interface Part {
  key: string;
  name: string;
  share: number;
  colour: string;
}

const FREE = "free";

function partsOf(blame: Blame): Part[] {
  const parts = blame.shares.map(({ holder, share }) => {
    const index = threadIndex.value.get(holder);
    return {
      key: String(holder),
      name: holder < 0 ? t("timeline.blame.mixed") : laneFullTitle(holder),
      share,
      colour:
        index === undefined
          ? "var(--ink-muted)"
          : `var(--identity-${(index % IDENTITY_COLOURS) + 1})`,
    };
  });
  const held = parts.reduce((sum, part) => sum + part.share, 0);
  const free: Part = {
    key: FREE,
    name: t("timeline.blame.free"),
    share: 1 - held,
    colour: "var(--line)",
  };
  return free.share > 0.0005 ? [...parts, free] : parts;
}

const SHOWN = 5;

/** The largest shares by name, the many small ones together. */
function namedParts(parts: readonly Part[]): Part[] {
  if (parts.length <= SHOWN) return [...parts];
  const free = parts.filter(({ key }) => key === FREE);
  const held = parts.filter(({ key }) => key !== FREE);
  const room = SHOWN - 1 - free.length;
  const rest = held.slice(room);
  if (rest.length < 2) return [...parts];
  const others = {
    key: "others",
    name: t("timeline.blame.others", { count: rest.length }),
    share: rest.reduce((sum, part) => sum + part.share, 0),
    colour: "var(--ink-muted)",
  };
  return [...held.slice(0, room), others, ...free];
}

export function BlameBar({ blame, title }: { blame: Blame; title?: string }) {
  const parts = partsOf(blame);
  return (
    <div class="blame">
      <p class="blame-title">{title ?? t("timeline.blame")}</p>
      <div class="blame-track" aria-hidden="true">
        {parts.map(({ key, share, colour }) => (
          <span
            key={key}
            class="blame-part"
            style={{ width: `${share * 100}%`, background: colour }}
          />
        ))}
      </div>
      <ul class="blame-list">
        {namedParts(parts).map(({ key, name, share, colour }) => (
          <li key={key} class="blame-item">
            <span class="swatch" style={{ background: colour }} aria-hidden="true" />
            <span class="blame-name">{name}</span>
            <span class="blame-share">
              {!blame.exact && `${t("timeline.blame.approx")} `}
              {formatShare(share, language.value)}
            </span>
          </li>
        ))}
      </ul>
      {blame.damaged > 0 && (
        <p class="blame-damaged" role="alert">
          {t("timeline.blame.damaged", { count: blame.damaged })}
        </p>
      )}
    </div>
  );
}
