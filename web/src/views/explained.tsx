// SPDX-License-Identifier: MIT
// Words that explain themselves in a card: when they are pointed at, have the focus, or are
// pressed, as a finger does. Everything that a tooltip of the browser would say to a mouse only.
// The words beside a field explain that: who comes to it with the Tab key sees the card until
// something is typed, and there is no other place to go through between two fields.

import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import type { Words } from "./said";

/* Between the card and the edge of the window. */
const MARGIN = 8;

/** Below the words, or above them where there is no room; always whole in the window. */
function place(card: HTMLElement, element: HTMLElement): void {
  const words = element.getClientRects()[0] ?? element.getBoundingClientRect();
  const { width, height } = card.getBoundingClientRect();
  const fits = words.bottom + height + MARGIN <= window.innerHeight;
  const left = Math.max(MARGIN, Math.min(words.left, window.innerWidth - width - MARGIN));
  card.style.left = `${left}px`;
  card.style.top = `${fits ? words.bottom : Math.max(MARGIN, words.top - height)}px`;
}

interface Shown {
  card: RefObject<HTMLSpanElement | null>;
  words: RefObject<HTMLSpanElement | null>;
  show(): void;
  hide(): void;
}

/** A card, and the words that it is shown beside. */
function useCard(): Shown {
  const card = useRef<HTMLSpanElement>(null);
  const words = useRef<HTMLSpanElement>(null);
  const stop = useRef<AbortController | null>(null);
  const hide = (): void => {
    if (!stop.current) return;
    stop.current.abort();
    stop.current = null;
    if (card.current?.isConnected) card.current.hidePopover();
  };
  const show = (): void => {
    const [shown, of] = [card.current, words.current];
    if (stop.current || !shown || !of) return;
    stop.current = new AbortController();
    const { signal } = stop.current;
    shown.showPopover();
    place(shown, of);
    // Who comes by keyboard makes the page scroll: it stays with its words.
    const follow = (): void => place(shown, of);
    window.addEventListener("scroll", follow, { signal, capture: true, passive: true });
    window.addEventListener("resize", follow, { signal });
    const onPress = ({ target }: Event): void => {
      if (!(target instanceof Node && of.parentElement?.contains(target))) hide();
    };
    window.addEventListener("pointerdown", onPress, { signal, capture: true });
    // Also of who only points at the words, and before anything else that Escape closes.
    const onEscape = (event: KeyboardEvent): void => {
      if (event.key !== "Escape") return;
      hide();
      event.stopPropagation();
    };
    window.addEventListener("keydown", onEscape, { signal, capture: true });
  };
  // Its listeners go with it.
  useEffect(() => () => stop.current?.abort(), []);
  return { card, words, show, hide };
}

interface CardProps {
  id: string;
  says: string | Words;
  shown: Shown;
  /** The words. */
  children: ComponentChildren;
}

/* Of a mouse: who points at the card itself has not left. */
function WithCard({ id, says, shown, children }: CardProps) {
  const { text, lang } = typeof says === "string" ? { text: says, lang: undefined } : says;
  return (
    <span
      class="explained"
      onPointerEnter={({ pointerType }) => pointerType === "mouse" && shown.show()}
      onPointerLeave={({ pointerType }) => pointerType === "mouse" && shown.hide()}
    >
      {children}
      <span ref={shown.card} id={id} class="explanation" role="tooltip" popover="manual" lang={lang}>
        {text}
      </span>
    </span>
  );
}

interface ExplainedProps {
  says: string | Words;
  className?: string;
  /** Of the words, for what they are the label of. */
  id?: string;
  children: ComponentChildren;
}

export function Explained({ says, className, id, children }: ExplainedProps) {
  const cardId = useId();
  const shown = useCard();
  const { show, hide } = shown;
  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key !== "Enter" && event.key !== " ") return;
    show();
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <WithCard id={cardId} says={says} shown={shown}>
      <span
        ref={shown.words}
        {...(id === undefined ? {} : { id })}
        class={className === undefined ? "explained-words" : `explained-words ${className}`}
        role="button"
        tabIndex={0}
        aria-describedby={cardId}
        onFocus={({ currentTarget }) => currentTarget.matches(":focus-visible") && show()}
        onBlur={hide}
        onClick={show}
        onKeyDown={onKey}
      >
        {children}
      </span>
    </WithCard>
  );
}

interface ExplainedFieldProps {
  says: string | Words;
  words: ComponentChildren;
  /** Whether they stand before the field. */
  isBefore?: boolean;
  /** `card` is the id of what describes it. */
  field(card: string): ComponentChildren;
}

export function ExplainedField({ says, words, isBefore = false, field }: ExplainedFieldProps) {
  const cardId = useId();
  const shown = useCard();
  const { show, hide } = shown;
  const explained = (
    <WithCard id={cardId} says={says} shown={shown}>
      <span ref={shown.words} class="explained-words" onClick={show}>
        {words}
      </span>
    </WithCard>
  );
  return (
    <span
      class="explained-field"
      onKeyUp={({ key }) => key === "Tab" && show()}
      onInput={hide}
      onFocusOut={hide}
    >
      {isBefore ? explained : field(cardId)} {isBefore ? field(cardId) : explained}
    </span>
  );
}
