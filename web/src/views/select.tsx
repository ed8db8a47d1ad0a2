// SPDX-License-Identifier: MIT
// A native select in our clothes.

import { Icon } from "./icon";

export interface Choice {
  value: string;
  text: string;
}

interface SelectProps {
  value: string;
  choices: readonly Choice[];
  id?: string;
  onChoose(value: string): void;
}

export function Select({ value, choices, id, onChoose }: SelectProps) {
  return (
    <span class="select">
      <select
        {...(id === undefined ? {} : { id })}
        value={value}
        onChange={(event) => onChoose(event.currentTarget.value)}
      >
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.text}
          </option>
        ))}
      </select>
      <Icon name="chevron" />
    </span>
  );
}
