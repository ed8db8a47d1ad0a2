// SPDX-License-Identifier: MIT
// A field of text that stands for a value. What is typed counts as soon as it can be read; the
// field keeps what was typed while somebody is in it, and what cannot be read until it can: nothing
// is run with a number that nobody sees.

import { useEffect, useId, useState } from "preact/hooks";
import { openings } from "../state/ask";
import { unreadFields } from "../state/ask-fields";
import { Said, type Words } from "./said";

interface TypedFieldProps<Value> {
  class: string;
  inputMode: "text" | "numeric" | "decimal";
  label: string;
  /** The id of what explains it. */
  describedBy: string;
  /** What can be read, for who has typed something else. */
  hint: string;
  /** What is wrong with the value. */
  refused?: Words | undefined;
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
  const isUnread = typed !== null && props.read(typed) === null;
  const wrong: Words | undefined = isUnread ? { text: props.hint } : props.refused;
  useEffect(() => {
    if (!isUnread) return;
    unreadFields.value = new Map([...unreadFields.peek(), [hint, props.label]]);
    return () => {
      unreadFields.value = new Map([...unreadFields.peek()].filter(([field]) => field !== hint));
    };
  }, [isUnread, props.label]);
  // Another document, or another way to change this one.
  useEffect(() => {
    if (isUnread) setTyped(null);
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
        aria-invalid={wrong !== undefined}
        aria-describedby={wrong ? `${hint} ${props.describedBy}` : props.describedBy}
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
        onBlur={() => !isUnread && setTyped(null)}
      />
      {wrong && (
        <span id={hint} class="field-hint" role="alert">
          <Said words={wrong} />
        </span>
      )}
    </>
  );
}
