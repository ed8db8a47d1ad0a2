// SPDX-License-Identifier: MIT
// Descriptions of the contract: paragraphs, lists, and `code` in them.

import { blocksOf } from "../lib/contract";

function Line({ text }: { text: string }) {
  return (
    <>
      {text.split("`").map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}
    </>
  );
}

export function Prose({ text }: { text: string }) {
  return (
    <div class="api-prose" lang="en">
      {blocksOf(text).map((block, index) => {
        if (block.kind === "code") return <pre key={index}>{block.text}</pre>;
        if (block.kind === "text") {
          return (
            <p key={index}>
              <Line text={block.text} />
            </p>
          );
        }
        return (
          <ul key={index} class="plain-list">
            {block.items.map((item) => (
              <li key={item}>
                <Line text={item} />
              </li>
            ))}
          </ul>
        );
      })}
    </div>
  );
}
