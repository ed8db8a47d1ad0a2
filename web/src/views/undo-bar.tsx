// SPDX-License-Identifier: MIT
// What was just taken away, and the way to have it back, on whatever page one is meanwhile.

import { t } from "../state/preferences";
import { dismissOffer, holdTime, letTimeRun, offer, undo } from "../state/undo";
import { ToolButton } from "./tool-button";

export function UndoBar() {
  const there = offer.value;
  return (
    <div class="undo-place" role="status">
      {there && (
        <div
          class="undo-bar"
          data-then={there.place()}
          onPointerEnter={holdTime}
          onPointerLeave={letTimeRun}
          onFocusIn={holdTime}
          onFocusOut={letTimeRun}
        >
          <span class="undo-text">{there.says()}</span>
          <button type="button" class="button is-small" onClick={undo}>
            {t("undo.act")}
          </button>
          <ToolButton icon="close" label={t("undo.dismiss")} act={dismissOffer} />
        </div>
      )}
    </div>
  );
}
