// SPDX-License-Identifier: MIT
// The states that are seen on some small timelines, in words.

import { type Picture, pictureStates } from "../lib/picture";
import { byLegendOrder } from "../lib/states";
import { t, tServer } from "../state/preferences";
import { StateSwatch } from "./state-swatch";

export function PictureLegend({ pictures }: { pictures: readonly Picture[] }) {
  return (
    <ul class="picture-legend" aria-label={t("timeline.legend")}>
      {[...pictureStates(pictures)].sort(byLegendOrder).map((state) => (
        <li key={state}>
          <StateSwatch state={state} />
          {tServer("state", state, state)}
        </li>
      ))}
    </ul>
  );
}
