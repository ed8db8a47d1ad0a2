// SPDX-License-Identifier: MIT
// What somebody does on the prebuilt page before its script is there: noted by one script
// (early.ts), and done again once there is another one that listens (main.tsx).

interface Hand {
  /** What was pressed last (null), and what stands in fields that were changed. */
  deeds: Map<HTMLElement, string | null>;
  keys: KeyboardEventInit[];
  leave(): void;
}

declare global {
  var earlyHand: Hand | undefined;
}

type FormField = HTMLInputElement | HTMLSelectElement;

const isField = (target: EventTarget | null): target is FormField =>
  target instanceof HTMLInputElement || target instanceof HTMLSelectElement;

/* What they do they do without a script. */
const NATIVE = ["Tab", "Enter", " ", "Escape", "Shift", "Control", "Meta", "Alt"];

export function watchEarlyHand(): void {
  const deeds: Hand["deeds"] = new Map();
  const keys: Hand["keys"] = [];
  const change = ({ target }: Event): void => {
    if (isField(target)) deeds.set(target, target.value);
  };
  const press = (event: Event): void => {
    const pressed = (event.target as Element).closest<HTMLElement>("button, .skip-link");
    if (!pressed) return;
    // The skip link's address is no page.
    event.preventDefault();
    deeds.set(pressed, null);
  };
  const strike = (event: KeyboardEvent): void => {
    const { key, ctrlKey, metaKey, shiftKey, altKey, target } = event;
    if (isField(target) || NATIVE.includes(key)) return;
    // The browser has a use of its own for it.
    if (key === "k" && (ctrlKey || metaKey)) event.preventDefault();
    keys.push({ key, ctrlKey, metaKey, shiftKey, altKey });
  };
  document.addEventListener("keydown", strike);
  document.addEventListener("input", change);
  document.addEventListener("click", press);
  globalThis.earlyHand = {
    deeds,
    keys,
    leave() {
      document.removeEventListener("keydown", strike);
      document.removeEventListener("input", change);
      document.removeEventListener("click", press);
    },
  };
}

function fill(field: FormField, value: string): void {
  field.value = value;
  for (const type of ["input", "change"]) field.dispatchEvent(new Event(type, { bubbles: true }));
  // It was left before anybody listened.
  if (document.activeElement !== field) field.dispatchEvent(new FocusEvent("blur"));
}

export function repeatEarlyDeeds(): void {
  const { deeds, keys, leave } = globalThis.earlyHand ?? {};
  globalThis.earlyHand = undefined;
  leave?.();
  for (const [element, value] of deeds ?? []) {
    if (!element.isConnected) continue;
    if (value === null) element.click();
    else if (isField(element)) fill(element, value);
  }
  for (const key of keys ?? []) {
    document.body.dispatchEvent(new KeyboardEvent("keydown", { ...key, bubbles: true, cancelable: true }));
  }
}
