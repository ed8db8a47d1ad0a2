// SPDX-License-Identifier: MIT
// Whole numbers in a row, "8, 16, 32": the sizes of a pool that are compared.

import { formatTyped } from "../lib/format";
import { language, t } from "../state/preferences";
import { TypedField } from "./typed-field";

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
  return (
    <TypedField
      class="number-field sizes-field"
      inputMode="text"
      label={label}
      title={title}
      hint={t("field.hint.sizes")}
      written={sizes.map((size) => formatTyped(size, language.value)).join(", ")}
      read={readSizes}
      onChange={onChange}
    />
  );
}
