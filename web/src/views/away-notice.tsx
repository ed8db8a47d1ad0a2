// SPDX-License-Identifier: MIT
// That the server is away, on every page in the same place: a bar below the header, which moves
// nothing and covers nothing of a page that is not scrolled.

import { useEffect } from "preact/hooks";
import { t } from "../state/preferences";
import { away, watchReach } from "../state/reach";

export function AwayNotice() {
  useEffect(watchReach, []);
  return (
    <div class="away-place" role="status">
      {away.value && (
        <p class="away">
          <span class="away-dot" aria-hidden="true" />
          {t("app.away")}
        </p>
      )}
    </div>
  );
}
