// SPDX-License-Identifier: MIT
// What one plays with: each step of a slider changes the document, and the preview follows.

import { formatDuration, formatNumber, formatShare } from "../lib/format";
import { placesShown, severalSizes, sizeShown } from "../lib/pools";
import type { Field, FieldName, FieldNote } from "../lib/question";
import { changeField, question, written } from "../state/ask";
import { language, t } from "../state/preferences";
import { previewSize } from "../state/preview";
import { Explained } from "./explained";

const CORES = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];
const WORKERS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 100, 200];
const INTERVALS_US = [100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000];
const SHARES = [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100];

type SliderName = Extract<FieldName, "cores" | "workers" | "interval" | "share">;

const SLIDERS: readonly { name: SliderName; stops: readonly number[] }[] = [
  { name: "cores", stops: CORES },
  { name: "workers", stops: WORKERS },
  { name: "interval", stops: INTERVALS_US },
  { name: "share", stops: SHARES },
];

function valueWords(name: SliderName, value: number): string {
  const locale = language.value;
  if (name === "interval") return formatDuration(value * 1000, locale);
  return name === "share" ? formatShare(value / 100, locale) : formatNumber(value, locale);
}

/** The stop that is next to a value. */
function nearest(stops: readonly number[], value: number): number {
  const far = (index: number): number => Math.abs((stops[index] ?? Infinity) - value);
  return stops.reduce((best, _, index) => (far(index) < far(best) ? index : best), 0);
}

/* Why a slider does not move. */
function reasonFor(name: SliderName, note: FieldNote | null): string {
  return note === null ? t(`ask.slider.${name}.none`) : t(`ask.note.${note}`);
}

interface SliderProps {
  name: SliderName;
  stops: readonly number[];
  field: Field;
  title: string;
  move(value: number): void;
}

function Slider({ name, stops, field, title, move }: SliderProps) {
  const { value, editable, note } = field;
  const words = value === null ? "–" : valueWords(name, value);
  return (
    <div class={editable ? "slider" : "slider is-off"}>
      <span class="slider-name">
        <Explained id={`slider-${name}`} says={editable ? title : reasonFor(name, note)}>
          {t(`ask.slider.${name}`)}
        </Explained>
      </span>
      <output class="slider-value">{words}</output>
      <input
        type="range"
        min={0}
        max={stops.length - 1}
        step={1}
        value={value === null ? 0 : nearest(stops, value)}
        disabled={!editable}
        aria-labelledby={`slider-${name}`}
        aria-valuetext={words}
        data-slider={name}
        onInput={(event) => {
          const stop = stops[Number(event.currentTarget.value)];
          if (stop !== undefined) move(stop);
        }}
      />
    </div>
  );
}

/* Where several sizes are compared, the pictures are of one, and the document stays as it is. */
function SizeSlider({ sizes }: { sizes: readonly number[] }) {
  return (
    <Slider
      name="workers"
      stops={sizes}
      field={{ value: sizeShown(sizes, previewSize.value), editable: true, note: null }}
      title={t("ask.slider.size.title")}
      move={(size) => {
        previewSize.value = size;
      }}
    />
  );
}

export function PreviewSliders() {
  const asked = question.value;
  if (!asked) return null;
  const isOneSize = placesShown(written.value, previewSize.value) !== null;
  const sizes = isOneSize ? severalSizes(asked.pools) : [];
  return (
    <div class="sliders" role="group" aria-label={t("ask.sliders")}>
      {SLIDERS.map(({ name, stops }) =>
        name === "workers" && sizes.length > 0 ? (
          <SizeSlider key={name} sizes={sizes} />
        ) : (
          <Slider
            key={name}
            name={name}
            stops={stops}
            field={asked.fields[name]}
            title={t(`ask.slider.${name}.title`)}
            move={(value) => changeField(name, value)}
          />
        ),
      )}
    </div>
  );
}
