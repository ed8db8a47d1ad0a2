// SPDX-License-Identifier: MIT
// A number within a sentence; it may have a decimal comma.

import { formatTyped, readTyped } from "../lib/format";
import { language, t } from "../state/preferences";
import type { Words } from "./said";
import { TypedField } from "./typed-field";

interface NumberFieldProps {
  label: string;
  describedBy: string;
  value: number | null;
  /** Only whole numbers from here on. */
  whole: boolean;
  min: number;
  max?: number | undefined;
  refused?: Words | undefined;
  disabled?: boolean;
  onChange(value: number): void;
}

function readNumber(text: string, { whole, min, max = Infinity }: NumberFieldProps): number | null {
  const value = readTyped(text, language.value);
  const isNumber = Number.isFinite(value) && value >= min && value <= max;
  return isNumber && (!whole || Number.isInteger(value)) ? value : null;
}

function hintOf({ whole, min, max }: NumberFieldProps): string {
  if (max !== undefined) return t("field.limits", { least: String(min), most: String(max) });
  return t(whole ? "field.hint.whole" : "field.hint.number", { min });
}

export function NumberField(props: NumberFieldProps) {
  const { label, describedBy, value, whole, refused, disabled, onChange } = props;
  return (
    <TypedField
      class="number-field"
      inputMode={whole ? "numeric" : "decimal"}
      label={label}
      describedBy={describedBy}
      disabled={disabled}
      hint={hintOf(props)}
      refused={refused}
      written={value === null ? "" : formatTyped(value, language.value)}
      read={(text) => readNumber(text, props)}
      onChange={onChange}
    />
  );
}
