// SPDX-License-Identifier: MIT
// A field of text that stands for a value. What is typed counts as soon as it can be read; the
// field keeps what was typed while somebody is in it, and what cannot be read until it can: nothing
// is run with a number that nobody sees.

import { useEffect, useId, useState } from "preact/hooks";
import { openings, unreadFields } from "../state/ask";

interface TypedFieldProps<Value> {
  class: string;
  inputMode: "text" | "numeric" | "decimal";
  label: string;
  title?: string | undefined;
  /** What can be read, for who has typed something else. */
  hint: string;
  /** The value as it is written. */
  written: string;
  disabled?: boolean | undefined;
  /** Null: it cannot be read. */
  read(text: string): Value | null;
  onChange(value: Value): void;
}

export function TypedField<Value>(props: TypedFieldProps<Value>) {
  const [typed, setTyped] = useState<string | null>(null);
  const hint = useId();
  const text = typed ?? props.written;
  const isWrong = typed !== null && props.read(typed) === null;
  useEffect(() => {
    if (!isWrong) return;
    unreadFields.value += 1;
    return () => {
      unreadFields.value -= 1;
    };
  }, [isWrong]);
  // Another document, or another way to change this one.
  useEffect(() => {
    if (isWrong) setTyped(null);
  }, [props.written]);
  // The same value in another document is another one's.
  useEffect(() => setTyped(null), [openings.value]);
  return (
    <>
      <input
        class={props.class}
        inputMode={props.inputMode}
        autocomplete="off"
        aria-label={props.label}
        aria-invalid={isWrong}
        aria-describedby={isWrong ? hint : undefined}
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
        onBlur={() => !isWrong && setTyped(null)}
      />
      {isWrong && (
        <span id={hint} class="field-hint" role="alert">
          {props.hint}
        </span>
      )}
    </>
  );
}
