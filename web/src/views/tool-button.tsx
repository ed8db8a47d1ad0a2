// SPDX-License-Identifier: MIT
// A button that is an icon; its words are its name and its tooltip.

import { Icon, type IconName } from "./icon";

export function ToolButton(props: {
  icon: IconName;
  label: string;
  disabled?: boolean;
  /** Of what the button opens and folds. */
  expanded?: boolean;
  act(): void;
}) {
  return (
    <button
      type="button"
      class="button is-icon"
      aria-label={props.label}
      title={props.label}
      aria-expanded={props.expanded}
      disabled={props.disabled ?? false}
      onClick={props.act}
    >
      <Icon name={props.icon} />
    </button>
  );
}
