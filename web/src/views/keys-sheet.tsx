// SPDX-License-Identifier: MIT
// All keys and gestures of the page on one sheet.

import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";
import { APP_COMMANDS } from "../state/app-commands";
import { type Command, overlay, pageCommands } from "../state/commands";
import { t } from "../state/preferences";
import { useDialog } from "./dialog";
import { Icon } from "./icon";
import { ToolButton } from "./tool-button";

function Keys({ command }: { command: Command }) {
  return (
    <div class="sheet-row">
      <dt>
        {command.shown.map((key) => (
          <kbd key={key}>{key}</kbd>
        ))}
      </dt>
      <dd>{t(command.says)}</dd>
    </div>
  );
}

function Rows({ commands }: { commands: readonly Command[] }) {
  return (
    <>
      {commands
        .filter(({ shown }) => shown.length > 0)
        .map((command) => (
          <Keys key={command.shown.join(" ")} command={command} />
        ))}
    </>
  );
}

/* Less than a line is not worth a word. */
const REST = 8;

/** Whether there is more of the element below what one sees of it. */
function useMoreBelow(place: RefObject<HTMLElement | null>): boolean {
  const [isMore, setMore] = useState(false);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const look = (): void => {
      setMore(element.scrollHeight - element.clientHeight - element.scrollTop > REST);
    };
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, []);
  return isMore;
}

export function KeysSheet() {
  const dialog = useDialog();
  const isMore = useMoreBelow(dialog);
  const { commands, gestures = [] } = pageCommands.value;
  const close = (): void => dialog.current?.close();
  return (
    <dialog
      ref={dialog}
      class="sheet"
      aria-labelledby="sheet-title"
      onClose={() => {
        overlay.value = null;
      }}
    >
      <div class="details-head">
        <h2 id="sheet-title" class="section-title">
          {t("sheet.title")}
        </h2>
        <ToolButton icon="close" label={t("sheet.close")} act={close} />
      </div>
      <dl class="sheet-list">
        <Rows commands={commands} />
        {gestures.map(([gesture, says]) => (
          <div key={says} class="sheet-row">
            <dt>{t(gesture)}</dt>
            <dd>{t(says)}</dd>
          </div>
        ))}
        <Rows commands={APP_COMMANDS} />
      </dl>
      <p class="sheet-more" data-more={isMore} aria-hidden="true">
        {t("sheet.more")} <Icon name="down" />
      </p>
    </dialog>
  );
}
