// SPDX-License-Identifier: MIT
// A number within a sentence; it may have a decimal comma.

import { formatTyped, readTyped } from "../lib/format";
import { language, t } from "../state/preferences";
import { TypedField } from "./typed-field";

interface NumberFieldProps {
  label: string;
  title?: string | undefined;
  value: number | null;
  /** Only whole numbers from here on. */
  whole: boolean;
  min: number;
  disabled?: boolean;
  onChange(value: number): void;
}

function readNumber(text: string, whole: boolean, min: number): number | null {
  const value = readTyped(text, language.value);
  const isNumber = Number.isFinite(value) && value >= min;
  return isNumber && (!whole || Number.isInteger(value)) ? value : null;
}

export function NumberField(props: NumberFieldProps) {
  const { label, title, value, whole, min, disabled, onChange } = props;
  return (
    <TypedField
      class="number-field"
      inputMode={whole ? "numeric" : "decimal"}
      label={label}
      title={title}
      disabled={disabled}
      hint={t(whole ? "field.hint.whole" : "field.hint.number", { min })}
      written={value === null ? "" : formatTyped(value, language.value)}
      read={(text) => readNumber(text, whole, min)}
      onChange={onChange}
    />
  );
}
