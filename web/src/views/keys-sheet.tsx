// SPDX-License-Identifier: MIT
// All keys and gestures of the timeline on one sheet.

import { useEffect, useRef } from "preact/hooks";
import { t } from "../state/preferences";
import { BINDINGS, sheetOpen } from "./stage-keys";
import { ToolButton } from "./tool-button";

const GESTURES = [
  ["sheet.wheel", "gesture.wheel"],
  ["sheet.shiftWheel", "gesture.shiftWheel"],
  ["sheet.drag", "gesture.drag"],
  ["sheet.shiftDrag", "gesture.shiftDrag"],
  ["sheet.click", "gesture.click"],
  ["sheet.doubleClick", "gesture.doubleClick"],
] as const;

export function KeysSheet() {
  const dialog = useRef<HTMLDialogElement>(null);
  const open = sheetOpen.value;
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  const close = (): void => {
    sheetOpen.value = false;
  };
  return (
    <dialog ref={dialog} class="sheet" aria-labelledby="sheet-title" onClose={close}>
      {open && (
        <>
          <div class="details-head">
            <h2 id="sheet-title" class="section-title">
              {t("sheet.title")}
            </h2>
            <ToolButton icon="close" label={t("sheet.close")} act={close} />
          </div>
          <dl class="sheet-list">
            {BINDINGS.map(({ shown, says }) => (
              <div key={says} class="sheet-row">
                <dt>
                  {shown.map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dt>
                <dd>{t(says)}</dd>
              </div>
            ))}
            {GESTURES.map(([gesture, says]) => (
              <div key={says} class="sheet-row">
                <dt>{t(gesture)}</dt>
                <dd>{t(says)}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
    </dialog>
  );
}
