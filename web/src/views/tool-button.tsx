// SPDX-License-Identifier: MIT
// A button that is an icon; its words are its name and its tooltip. Where it can do nothing it
// stays in reach: one that is disabled while it has the focus would drop it.

import { Icon, type IconName } from "./icon";

export function ToolButton(props: {
  icon: IconName;
  label: string;
  disabled?: boolean;
  /** Of what the button opens and folds. */
  expanded?: boolean;
  act(): void;
}) {
  const isOff = props.disabled ?? false;
  return (
    <button
      type="button"
      class="button is-icon"
      aria-label={props.label}
      title={props.label}
      aria-expanded={props.expanded}
      aria-disabled={isOff}
      onClick={() => isOff || props.act()}
    >
      <Icon name={props.icon} />
    </button>
  );
}
