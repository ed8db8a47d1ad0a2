// SPDX-License-Identifier: MIT
// A field of text that stands for a value. What is typed counts as soon as it can be read; the
// field keeps what was typed while somebody is in it.

import { useState } from "preact/hooks";

interface TypedFieldProps<Value> {
  class: string;
  inputMode: "text" | "numeric" | "decimal";
  label: string;
  title?: string | undefined;
  /** The value as it is written. */
  written: string;
  disabled?: boolean | undefined;
  /** Null: it cannot be read. */
  read(text: string): Value | null;
  onChange(value: Value): void;
}

export function TypedField<Value>(props: TypedFieldProps<Value>) {
  const [typed, setTyped] = useState<string | null>(null);
  const text = typed ?? props.written;
  return (
    <input
      class={props.class}
      inputMode={props.inputMode}
      autocomplete="off"
      aria-label={props.label}
      aria-invalid={typed !== null && props.read(typed) === null}
      title={props.title}
      disabled={props.disabled}
      style={{ width: `${Math.max(2, text.length) + 2}ch` }}
      value={text}
      onFocus={(event) => event.currentTarget.select()}
      onInput={(event) => {
        const now = event.currentTarget.value;
        setTyped(now);
        const value = props.read(now);
        if (value !== null) props.onChange(value);
      }}
      onBlur={() => setTyped(null)}
    />
  );
}
