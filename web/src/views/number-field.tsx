// SPDX-License-Identifier: MIT
// A number within a sentence. What is typed counts as soon as it is a number; a decimal comma is
// one, too. The field keeps what was typed while somebody is in it.

import { useState } from "preact/hooks";
import { formatTyped } from "../lib/format";
import { language } from "../state/preferences";

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
  const value = Number(text.trim().replace(",", "."));
  const isNumber = text.trim() !== "" && Number.isFinite(value) && value >= min;
  return isNumber && (!whole || Number.isInteger(value)) ? value : null;
}

function written(value: number | null): string {
  return value === null ? "" : formatTyped(value, language.value);
}

export function NumberField(props: NumberFieldProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const { label, title, value, whole, min, disabled } = props;
  const text = typed ?? written(value);
  const invalid = typed !== null && readNumber(typed, whole, min) === null;
  return (
    <input
      class="number-field"
      inputMode={whole ? "numeric" : "decimal"}
      autocomplete="off"
      aria-label={label}
      aria-invalid={invalid}
      title={title}
      disabled={disabled}
      style={{ width: `${Math.max(2, text.length) + 2}ch` }}
      value={text}
      onFocus={(event) => event.currentTarget.select()}
      onInput={(event) => {
        const now = event.currentTarget.value;
        setTyped(now);
        const number = readNumber(now, whole, min);
        if (number !== null) props.onChange(number);
      }}
      onBlur={() => setTyped(null)}
    />
  );
}
