// SPDX-License-Identifier: MIT
// Whole numbers in a row, "8, 16, 32": the sizes of a pool that are compared.

import { formatTyped } from "../lib/format";
import { language, t } from "../state/preferences";
import type { Words } from "./said";
import { TypedField } from "./typed-field";

interface SizesFieldProps {
  label: string;
  describedBy: string;
  sizes: readonly number[];
  refused?: Words | undefined;
  onChange(sizes: readonly number[]): void;
}

/** Each once, the smallest first; null when something else is written, or nothing. */
function readSizes(text: string): number[] | null {
  const parts = text.split(/[\s,;]+/).filter(Boolean);
  const isRead = parts.length > 0 && parts.every((part) => /^\d{1,15}$/.test(part));
  return isRead ? [...new Set(parts.map(Number))].sort((a, b) => a - b) : null;
}

export function SizesField({ label, describedBy, sizes, refused, onChange }: SizesFieldProps) {
  return (
    <TypedField
      class="number-field sizes-field"
      inputMode="text"
      label={label}
      describedBy={describedBy}
      refused={refused}
      hint={t("field.hint.sizes")}
      written={sizes.map((size) => formatTyped(size, language.value)).join(", ")}
      read={readSizes}
      onChange={onChange}
    />
  );
}
