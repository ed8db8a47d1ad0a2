// SPDX-License-Identifier: MIT
// Icons drawn with a 1.5 stroke in a 16 x 16 box, in the colour of the text beside them.

const PATHS = {
  sun: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6ZM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
  moon: "M13.5 9.6A5.8 5.8 0 0 1 6.4 2.5a5.8 5.8 0 1 0 7.1 7.1Z",
  system: "M2 3h12v8H2zM6 14h4M8 11v3",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  fit: "M2 5V2h3M11 2h3v3M14 11v3h-3M5 14H2v-3M5 8h6",
  chevron: "m6 4 4 4-4 4",
  down: "m4 6 4 4 4-4",
  up: "m4 10 4-4 4 4",
  left: "m10 4-4 4 4 4",
  right: "m6 4 4 4-4 4",
  close: "m4 4 8 8M12 4l-8 8",
  play: "M5 3.2v9.6L12.5 8 5 3.2Z",
  check: "m3 8.5 3.2 3L13 4.5",
  focus: "M8 5.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5ZM8 1v2M8 13v2M1 8h2M13 8h2",
  cause: "M13 4v5H4M7 5.5 3.5 9 7 12.5",
  effect: "M3 4v5h9M9 5.5 12.5 9 9 12.5",
  undo: "M4 6.5h6a3.5 3.5 0 0 1 0 7H7M6.5 3.5 3.5 6.5l3 3",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM10.5 10.5 14 14",
  help: "M5.5 6a2.5 2.5 0 1 1 3.6 2.2c-.7.4-1.1.9-1.1 1.8M8 12.8v.2",
  again: "M13 8a5 5 0 1 1-1.5-3.6M13 2v3h-3",
  rename: "M10.5 3.5 12.5 5.5 5.5 12.5 3 13l.5-2.5 7-7ZM9 5l2 2",
  remove: "M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5 5 13h6l.5-8.5M7 7v3.5M9 7v3.5",
  save: "M8 2.5v7M5 6.5l3 3 3-3M3 11v2h10v-2",
  stop: "M4.5 4.5h7v7h-7z",
  more: "M8 3.5v.1M8 8v.1M8 12.5v.1",
  pin: "M6 2.5h4M6.5 2.5v4L4.5 9h7l-2-2.5v-4M8 9v4.5",
  bookmark: "M4.5 2.5h7v11L8 11l-3.5 2.5z",
  note: "M3 3h10v7l-3 3H3zM13 10h-3v3M5.5 6h5M5.5 8.5h3",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
