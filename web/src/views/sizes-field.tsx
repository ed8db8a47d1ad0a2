// SPDX-License-Identifier: MIT
// Whole numbers in a row, "8, 16, 32": the sizes of a pool that are compared. What is typed counts
// as soon as all of it are numbers; the field keeps what was typed while somebody is in it.

import { useState } from "preact/hooks";
import { formatTyped } from "../lib/format";
import { language } from "../state/preferences";

interface SizesFieldProps {
  label: string;
  title: string;
  sizes: readonly number[];
  onChange(sizes: readonly number[]): void;
}

/** Each once, the smallest first; null when something else is written, or nothing. */
function readSizes(text: string): number[] | null {
  const parts = text.split(/[\s,;]+/).filter(Boolean);
  const isRead = parts.length > 0 && parts.every((part) => /^[1-9]\d{0,5}$/.test(part));
  return isRead ? [...new Set(parts.map(Number))].sort((a, b) => a - b) : null;
}

export function SizesField({ label, title, sizes, onChange }: SizesFieldProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const text = typed ?? sizes.map((size) => formatTyped(size, language.value)).join(", ");
  return (
    <input
      class="number-field sizes-field"
      inputMode="text"
      autocomplete="off"
      aria-label={label}
      aria-invalid={typed !== null && readSizes(typed) === null}
      title={title}
      style={{ width: `${Math.max(2, text.length) + 2}ch` }}
      value={text}
      onFocus={(event) => event.currentTarget.select()}
      onInput={(event) => {
        const now = event.currentTarget.value;
        setTyped(now);
        const read = readSizes(now);
        if (read) onChange(read);
      }}
      onBlur={() => setTyped(null)}
    />
  );
}
