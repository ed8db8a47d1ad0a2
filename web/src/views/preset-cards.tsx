// SPDX-License-Identifier: MIT
// The examples: what each is about, what it compares, and a picture of what happens in it, which
// comes when the card comes into view.

import { useEffect, useState } from "preact/hooks";
import type { Preset } from "../api";
import { type GridShape, gridShape } from "../lib/grid";
import { labelOf } from "../lib/label";
import { askRoute } from "../lib/route";
import { presetLook, presetName, presets } from "../state/catalogue";
import { miniatures, wantMiniature } from "../state/miniatures";
import { runtimeName, strategyName } from "../state/names";
import { isPrebuilt } from "../state/prebuilt";
import { t } from "../state/preferences";
import { Empty, Failed, Loading } from "./feedback";
import { Miniature } from "./miniature";
import { useNear } from "./use-near";

const CHIPS = 4;
/* As many as the first picture has room for; the others come right after it, where they are not
 * there already. */
const FIRST = 6;

/** What the grid is made of, by name, as far as there is room. */
function chipWords({ runtimes, strategies, points }: GridShape): string[] {
  const names = [
    ...runtimes.map((each) => runtimeName(labelOf(each))),
    ...strategies.map((each) => strategyName(labelOf(each))),
  ];
  const more = names.length > CHIPS ? [`+${names.length - CHIPS}`] : [];
  const sweep = points > 1 ? [t("ask.shape.points", { count: points })] : [];
  return [...names.slice(0, CHIPS), ...more, ...sweep];
}

function CardPicture({ preset }: { preset: Preset }) {
  const [place, near] = useNear<HTMLDivElement>();
  const picture = miniatures.value.get(preset.id);
  useEffect(() => {
    if (near) wantMiniature(preset);
  }, [near, preset.id]);
  const state = picture === undefined ? "waiting" : picture === null ? "missing" : "ready";
  return (
    <div ref={place} class="card-picture" data-state={state}>
      {picture && <Miniature picture={picture} label={presetName(preset)} />}
    </div>
  );
}

function PresetCard({ preset, chosen }: { preset: Preset; chosen: boolean }) {
  const grid = gridShape(preset.document);
  return (
    <li class="card-cell">
      <a class="card" href={askRoute(preset.id)} aria-current={chosen ? "true" : undefined}>
        <CardPicture preset={preset} />
        <h3 class="card-title">{presetName(preset)}</h3>
        <p class="card-text">{presetLook(preset)}</p>
        {grid && (
          <ul class="chips">
            {chipWords(grid).map((words) => (
              <li key={words} class="chip">
                {words}
              </li>
            ))}
          </ul>
        )}
      </a>
    </li>
  );
}

export function PresetCards({ chosen }: { chosen: string | null }) {
  const state = presets.state.value;
  const [painted, setPainted] = useState(isPrebuilt);
  useEffect(() => setPainted(true), []);
  if (state.status === "failed") {
    return <Failed error={state.error} retry={presets.ensure} />;
  }
  if (state.status !== "ready") return <Loading lines={4} />;
  if (state.value.length === 0) {
    return <Empty title={t("ask.presets.empty.title")} text={t("ask.presets.empty.text")} />;
  }
  return (
    <ul class="cards">
      {(painted ? state.value : state.value.slice(0, FIRST)).map((preset) => (
        <PresetCard key={preset.id} preset={preset} chosen={preset.id === chosen} />
      ))}
    </ul>
  );
}
